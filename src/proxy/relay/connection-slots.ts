/**
 * How many connections all threads have open together, against `limits.connections`. Shared by the threads, so that SO_REUSEPORT's uneven
 * hand does not refuse on one thread what another has room for.
 */
export class ConnectionSlots {
  readonly shared: SharedArrayBuffer
  readonly #taken: Int32Array

  constructor(shared = new SharedArrayBuffer(4)) {
    this.shared = shared
    this.#taken = new Int32Array(shared)
  }

  /** False where `limit` are taken. */
  take(limit: number): boolean {
    if (Atomics.add(this.#taken, 0, 1) < limit) return true
    Atomics.sub(this.#taken, 0, 1)
    return false
  }

  give(): void {
    Atomics.sub(this.#taken, 0, 1)
  }
}
