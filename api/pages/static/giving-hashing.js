// Has pictures hashed on this device, one after another, by a worker of its own.
"use strict";

const STARTS_WITHIN = 30000;

function isAble() {
  return Boolean(globalThis.isSecureContext && globalThis.Worker && globalThis.OffscreenCanvas);
}

/** A worker that says it is able, or null: an old browser, or one that keeps pictures from scripts. */
function startedWorker(address) {
  return new Promise((resolve) => {
    const worker = new Worker(address, { type: "module" });
    const give = (found) => {
      clearTimeout(late);
      if (!found) worker.terminate();
      resolve(found);
    };
    const late = setTimeout(() => give(null), STARTS_WITHIN);
    worker.onerror = () => give(null);
    worker.onmessage = ({ data }) => give(data.able ? worker : null);
  });
}

export class Hashing {
  /**
   * @param {string} address Of the worker's script.
   * @param {number} mostPixels Of one picture.
   * @returns {Promise<Hashing?>} Null where this device cannot do it.
   */
  static async start(address, mostPixels) {
    const worker = isAble() ? await startedWorker(address).catch(() => null) : null;
    return worker && new Hashing(worker, address, mostPixels);
  }

  constructor(worker, address, mostPixels) {
    this.worker = worker;
    this.address = address;
    this.mostPixels = mostPixels;
    this.last = Promise.resolve();
  }

  /**
   * Hash a picture when all those before it are done.
   *
   * @param {() => File?} next Gives the picture; null if it is not wanted any more.
   * @param {boolean} previewed Whether a small copy to look at is made too.
   * @returns {Promise<{hashed: object?, preview: ImageBitmap?, problem: string?}>}
   */
  hash(next, previewed) {
    this.last = this.last.then(() => {
      const file = next();
      return file ? this.ask(file, previewed) : { problem: "removed" };
    });
    return this.last;
  }

  async ask(file, previewed) {
    this.worker ??= await startedWorker(this.address).catch(() => null);
    if (!this.worker) return { problem: "unreadable" };
    return new Promise((resolve) => {
      this.worker.onmessage = ({ data }) => resolve(data);
      this.worker.onerror = () => {
        // One that ran out of memory is no use for the next picture.
        this.worker.terminate();
        this.worker = null;
        resolve({ problem: "unreadable" });
      };
      this.worker.postMessage({ file, previewed, mostPixels: this.mostPixels });
    });
  }
}
