// Parts read and hashed by a worker: bytes and SHA-256 of each.
import { Later, Unsendable } from "./failures.js";

export class Digests {
  constructor() {
    this.asked = new Map();
    this.last = 0;
    this.worker = null;
  }

  // Unsendable where the file is not as it was, gone, or not to be read; Later where the worker did not come.
  of(blob) {
    const id = (this.last += 1);
    this.worker ??= this.begun();
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, size: blob.size });
      this.worker.postMessage({ id, blob });
    });
  }

  begun() {
    const worker = new Worker(new URL("digest-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => this.answered(data);
    worker.onerror = () => this.lost();
    return worker;
  }

  // The service may not have answered for its script: the next who asks begins another.
  lost() {
    this.worker.terminate();
    this.worker = null;
    for (const { reject } of this.asked.values()) reject(new Later("busy"));
    this.asked.clear();
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
