import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

/** Room for a write-ahead log at its longest, and for taking out what is old: both need space before they give any back. */
const RESERVE_BYTES = 24 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024

/** A file of nothing, deleted when the disk is full. */
export class DiskReserve {
  readonly #path: string
  #isThere = false

  constructor(path: string) {
    this.#path = path
  }

  /** Takes the room where there is enough of it; without it a full disk loses messages sooner. */
  take(): void {
    if (this.#isThere) return
    let fd: number | undefined
    try {
      fd = openSync(this.#path, 'w', 0o600)
      const nothing = Buffer.alloc(CHUNK_BYTES)
      for (let bytes = 0; bytes < RESERVE_BYTES;) bytes += writeSync(fd, nothing)
      this.#isThere = true
    } catch {
      rmSync(this.#path, { force: true })
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  /** True where there was room to give back. */
  release(): boolean {
    const wasThere = this.#isThere
    rmSync(this.#path, { force: true })
    this.#isThere = false
    return wasThere
  }
}
