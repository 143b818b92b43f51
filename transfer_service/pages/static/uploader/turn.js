// One tab at a time sends files of a packet: whoever has the turn (Web Locks).

// A function that gives the turn back; null while another tab has it.
export function takeTurn(name) {
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null);
      return new Promise((giveBack) => resolve(giveBack));
    });
  });
}

// Tells when another tab has it, and when not any more.
export async function watchTurn(name, tell) {
  const { held } = await navigator.locks.query();
  if (!held.some((lock) => lock.name === name)) return;
  tell(true);
  await navigator.locks.request(name, { mode: "shared" }, () => {});
  tell(false);
}
