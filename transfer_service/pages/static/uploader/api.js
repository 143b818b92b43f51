// The JSON API that every client calls, for one packet. Answers are objects; Later, SignedOut, Refused.
import { Later, Refused, SignedOut } from "./failures.js";

const PATIENCE_S = 60;
const STALLED_S = 120;

export class Api {
  constructor(root, session) {
    Object.assign(this, { root, session });
  }

  get(path = "") {
    return this.call("GET", path);
  }

  post(path, body, headers = {}) {
    return this.call("POST", path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
  }

  delete(path) {
    return this.call("DELETE", path);
  }

  async call(method, path, body, headers = {}) {
    let answer, text;
    try {
      answer = await fetch(this.root + path, {
        method, body, headers: this.signed(headers), redirect: "error", cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE_S * 1000),
      });
      text = await answer.text();
    } catch {
      throw new Later("offline");
    }
    return outcome(answer.status, answer.headers.get("Retry-After"), text);
  }

  // Bytes go by XMLHttpRequest: fetch does not tell how far they are. `moved` hears how many left in all.
  put(path, bytes, headers, moved, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      const watch = new Stall(stop);
      const end = (settle, value) => {
        watch.end();
        signal.removeEventListener("abort", stop);
        settle(value);
      };
      request.upload.onprogress = (event) => {
        watch.moved();
        moved(event.loaded);
      };
      request.onload = () => {
        try {
          end(resolve, outcome(request.status, request.getResponseHeader("Retry-After"), request.responseText));
        } catch (failure) {
          end(reject, failure);
        }
      };
      request.onerror = () => end(reject, new Later("offline"));
      request.onabort = () => end(reject, signal.aborted ? signal.reason : new Later("offline"));
      request.open("PUT", this.root + path);
      for (const [name, value] of Object.entries(this.signed(headers))) request.setRequestHeader(name, value);
      signal.addEventListener("abort", stop);
      request.send(bytes);
    });
  }

  signed(headers) {
    return { Accept: "application/json", "X-CSRF-Token": this.session.token, ...headers };
  }
}

// A connection that a laptop was closed on may never say that it is gone.
class Stall {
  constructor(give_up) {
    this.give_up = give_up;
    this.moved();
  }

  moved() {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.give_up, STALLED_S * 1000);
  }

  end() {
    clearTimeout(this.timer);
  }
}

function outcome(status, retryAfter, text) {
  const said = parsed(text);
  if (status < 300) return said;
  if (status === 401 || said.code === "csrf") throw new SignedOut();
  if (status === 408 || status === 429 || status >= 500) throw new Later("busy", seconds(retryAfter));
  throw new Refused(status, said.code ?? "", said.detail ?? "");
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function seconds(retryAfter) {
  const asked = Number.parseFloat(retryAfter);
  return Number.isFinite(asked) ? Math.min(asked, 300) : null;
}
