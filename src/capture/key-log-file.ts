import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import type { KeyLogTarget } from '../protocols/tls/key-log.ts'
import { KeyLogParser } from '../protocols/tls/key-log.ts'

const CHUNK_BYTES = 64 * 1024
/** Read at once, so that a writer without end cannot hold up the capture. */
const MAX_POLL_BYTES = 64 * 1024 * 1024
/** How often it is looked whether the file is another one now, or there at last. */
const LOOK_MS = 500

/** A key log that is read as it grows: appended to, cut back, replaced by another file of its name, or a FIFO. */
export class KeyLogFile {
  readonly path: string
  readonly parser: KeyLogParser
  /** Why it cannot be read at present; it is tried again. */
  problem: string | undefined
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #fd = -1
  #inode = -1
  #regular = true
  #offset = 0
  #lookedMs = -Infinity

  constructor(path: string, target: KeyLogTarget) {
    this.path = path
    this.parser = new KeyLogParser(target)
  }

  /** Takes in what is new. Cheap where nothing is: one read that yields nothing. */
  poll(nowMs: number): void {
    if (nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs
      this.#look()
    }
    if (this.#fd >= 0) this.#read()
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }

  #look(): void {
    try {
      const stats = statSync(this.path)
      if (stats.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
      if (this.#fd >= 0 && stats.ino !== this.#inode) {
        this.#read()
        this.close()
      }
      if (this.#fd < 0) this.#open()
      else if (this.#regular && stats.size < this.#offset) this.#restart()
      this.problem = undefined
    } catch (error) {
      this.problem = (error as NodeJS.ErrnoException).code ?? 'unknown'
    }
  }

  #open(): void {
    // A FIFO without a writer must not keep us waiting.
    this.#fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = fstatSync(this.#fd)
    this.#inode = stats.ino
    this.#regular = stats.isFile()
    this.#restart()
  }

  #restart(): void {
    this.#offset = 0
    this.parser.restart()
  }

  #read(): void {
    for (let taken = 0; taken < MAX_POLL_BYTES;) {
      const count = this.#readChunk()
      if (count === 0) return
      this.#offset += count
      taken += count
      this.parser.push(this.#chunk.subarray(0, count))
    }
  }

  #readChunk(): number {
    try {
      return readSync(this.#fd, this.#chunk, 0, CHUNK_BYTES, this.#regular ? this.#offset : null)
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN') this.problem = code
      return 0
    }
  }
}

/** @throws MtlscopeError cannot-read where the file cannot be read now */
export function requireKeyLog({ path, problem }: KeyLogFile): void {
  if (problem === undefined) return
  const why = problem === 'ENOENT' ? 'there is no such file' : problem === 'EACCES' ? 'permission denied' : problem
  throw new MtlscopeError('cannot-read', `cannot read the key log ${path}: ${why}`, { facts: { path, errno: problem } })
}
