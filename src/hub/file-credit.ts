/** Bytes of lines that a file's thread may have handed over and that are not in the store yet. */
const WINDOW_BYTES = 16 * 1024 * 1024
/** Looked at again after so long, should a wake-up be missed. */
const LOOK_MS = 200

/** What a reading thread is owed, in memory that both threads see: a thread that reads faster than the store writes waits. */
export class FileCredit {
  readonly #owed: Int32Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.#owed = new Int32Array(shared)
  }

  get shared(): SharedArrayBuffer {
    return this.#owed.buffer as SharedArrayBuffer
  }

  /** In the reading thread, before it hands over: blocks while too much is under way. */
  take(bytes: number): void {
    for (let owed = Atomics.load(this.#owed, 0); owed > WINDOW_BYTES; owed = Atomics.load(this.#owed, 0)) Atomics.wait(this.#owed, 0, owed, LOOK_MS)
    Atomics.add(this.#owed, 0, bytes)
  }

  /** In the thread that took them. */
  give(bytes: number): void {
    Atomics.sub(this.#owed, 0, bytes)
    Atomics.notify(this.#owed, 0)
  }
}
