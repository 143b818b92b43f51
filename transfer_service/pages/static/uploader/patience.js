// Trying again for as long as it takes: lost connections, a busy service, a session that is over.
import { Later, SignedOut } from "./failures.js";

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 15;

// What `act` gives, once it neither says Later nor SignedOut. `waiting` hears what for, and null when it is over.
export async function until(act, session, signal, waiting) {
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    try {
      const value = await act();
      waiting(null);
      return value;
    } catch (failure) {
      signal.throwIfAborted();
      if (failure instanceof SignedOut) {
        waiting("signed-out");
        await heard(session.renewed(), signal);
        waiting(null);
        if (tries > 0) await pause(backoff(tries), signal);
      } else if (failure instanceof Later) {
        waiting(navigator.onLine ? failure.why : "offline");
        await pause(failure.afterS ?? backoff(tries), signal);
      } else {
        waiting(null);
        throw failure;
      }
    }
  }
}

// Half of it by chance, so that many pages don't come back in step.
function backoff(tries) {
  const ceiling = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** Math.min(tries, 10));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

// So long, or until the network is back.
function pause(seconds, signal) {
  let timer, awake;
  const waited = new Promise((resolve) => {
    awake = resolve;
    timer = setTimeout(resolve, seconds * 1000);
    addEventListener("online", awake);
  });
  return heard(waited, signal).finally(() => {
    clearTimeout(timer);
    removeEventListener("online", awake);
  });
}

// The promise, unless the signal comes first.
function heard(promise, signal) {
  signal.throwIfAborted();
  let stop;
  const stopped = new Promise((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  return Promise.race([promise, stopped]).finally(() => signal.removeEventListener("abort", stop));
}
