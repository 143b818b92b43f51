// Parts read and hashed by a worker: bytes and SHA-256 of each.
import { Unsendable } from "./failures.js";

export class Digests {
  constructor() {
    this.asked = new Map();
    this.last = 0;
    this.worker = new Worker(new URL("digest-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.answered(data);
  }

  // Unsendable where the file is not as it was, gone, or not to be read.
  of(blob) {
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, size: blob.size });
      this.worker.postMessage({ id, blob });
    });
  }

  answered({ id, bytes, digest, failed }) {
    const { resolve, reject, size } = this.asked.get(id);
    this.asked.delete(id);
    if (failed) reject(new Unsendable(failed === "NotReadableError" || failed === "NotFoundError" ? "changed" : "unreadable"));
    else if (bytes.byteLength !== size) reject(new Unsendable("changed"));
    else resolve({ bytes, digest: new Uint8Array(digest) });
  }
}

export function hex(digest) {
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// RFC 9530.
export function contentDigest(digest) {
  return `sha-256=:${btoa(String.fromCharCode(...digest))}:`;
}
