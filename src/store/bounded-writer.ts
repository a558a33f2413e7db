import type { DatabaseSync } from 'node:sqlite'
import type { Keep } from './keep.ts'
import { KeepBounds } from './keep.ts'
import type { Written } from './record-writer.ts'
import { RecordWriter } from './record-writer.ts'
import { DiskReserve } from './reserve.ts'

/** Room is looked for after so many bytes of records. */
const KEEP_EVERY_BYTES = 4 * 1024 * 1024
/** On a full disk so much goes. */
const FULL_SHARE = 0.1
const SQLITE_FULL = 13
/** A full disk is told of until so many writes went well. */
const CALM_WRITES = 600

export interface BoundedWriterOptions {
  /** Of the database; the reserve for a full disk is beside it. */
  readonly path: string
  readonly run: string
  readonly keep: Keep
  readonly now: () => number
  /** Messages were taken out, the oldest ones. */
  readonly removed: () => void
}

/** Writes records, and takes out what is too much, too old, or more than the disk holds. */
export class BoundedWriter {
  readonly #db: DatabaseSync
  readonly #writer: RecordWriter
  readonly #bounds: KeepBounds
  readonly #reserve: DiskReserve
  readonly #options: BoundedWriterOptions
  /** Writes since the disk was full. */
  #writtenSince = 0
  #unkeptBytes = 0
  #rejected = 0
  #problem: string | undefined

  constructor(db: DatabaseSync, options: BoundedWriterOptions) {
    this.#db = db
    this.#options = options
    this.#writer = new RecordWriter(db, options.run)
    this.#bounds = new KeepBounds(db, options.keep)
    this.#reserve = new DiskReserve(`${options.path}-reserve`)
    this.#reserve.take()
  }

  /** Lines that were no records. */
  get rejected(): number {
    return this.#rejected
  }

  /** Why messages go, or do not come in. */
  get problem(): string | undefined {
    return this.#problem
  }

  get usedBytes(): number {
    return this.#bounds.usedBytes()
  }

  get removedMessages(): number {
    return this.#bounds.removedMessages
  }

  /** Lines of records. A full disk makes room by the oldest; what does not fit then is lost and said so. */
  write(lines: Uint8Array): Written {
    const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    let written: Written
    try {
      written = this.#writer.write(bytes)
      this.#writtenSince++
      if (this.#writtenSince > CALM_WRITES) this.#problem = undefined
    } catch (error) {
      written = this.#writeAgain(bytes, error)
    }
    this.#rejected += written.rejected
    this.#unkeptBytes += bytes.length
    if (this.#unkeptBytes > KEEP_EVERY_BYTES) this.makeRoom()
    return written
  }

  #writeAgain(bytes: Buffer, error: unknown): Written {
    if ((error as { errcode?: number }).errcode !== SQLITE_FULL) throw error
    this.#writtenSince = 0
    this.#reserve.release()
    try {
      // What the log holds first: it has to be copied before it can be cut off.
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      if (this.#bounds.removeOldest(FULL_SHARE)) this.#options.removed()
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      this.#reserve.take()
      const written = this.#writer.write(bytes)
      this.#problem = 'the disk is full: the oldest messages go to make room'
      return written
    } catch {
      this.#problem = 'the disk is full: new messages are lost'
      const { nextId } = this.#writer
      return { messages: 0, rejected: 0, firstId: nextId, lastId: nextId - 1 }
    }
  }

  /** Takes out what is too much or too old. True where something went. */
  makeRoom(): boolean {
    this.#unkeptBytes = 0
    const went = this.#bounds.apply(this.#options.now() * 1000)
    if (went) this.#options.removed()
    return went
  }

  close(): void {
    this.#reserve.release()
  }
}
