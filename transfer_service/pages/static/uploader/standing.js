// How the packet's files stand at the service: asked gently, by one request for all, while the page is looked at.
import { SignedOut } from "./failures.js";

const FIRST_MS = 1500;
const LONGEST_MS = 15_000; // of a packet with up to a thousand files, and so much more for each thousand

export class Standing {
  // `told` hears the packet whenever it stands otherwise.
  constructor(api, told) {
    Object.assign(this, { api, told, seen: null, timer: null, wait_ms: FIRST_MS, longest_ms: LONGEST_MS });
    document.addEventListener("visibilitychange", () => document.hidden || this.timer === null || this.soon());
  }

  // Ask now and then, until nothing is under way any more.
  watch() {
    if (this.timer === null) this.soon();
  }

  // Ask at once, and then the same.
  soon() {
    this.wait_ms = FIRST_MS;
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), this.wait_ms);
    this.wait_ms = Math.min(this.longest_ms, this.wait_ms * 1.3);
  }

  async look() {
    if (document.hidden) return; // `timer` stays set: looking at the page again asks again
    try {
      if (await this.isUnderWay()) this.later();
      else this.timer = null;
    } catch (failure) {
      // Who is signed out sees the page go in a while; whoever sends on after signing in again asks again.
      if (failure instanceof SignedOut) this.timer = null;
      else this.later();
    }
  }

  async isUnderWay() {
    const packet = await this.api.get();
    this.longest_ms = LONGEST_MS * Math.max(1, packet.files.length / 1000);
    const now = JSON.stringify([packet.state, packet.files.map(({ id, state }) => [id, state])]);
    if (now !== this.seen) await this.told(packet);
    this.seen = now;
    return isUnderWay(packet);
  }
}

function isUnderWay({ state, files }) {
  const carried = (file) => file.state === "receiving" && file.carried_from;
  return state === "closing" || (state === "open" && files.some((file) => file.state === "verifying" || carried(file)));
}
