import type { HeaderField } from './header-field.ts'

/** Longer blocks are read anew each time. */
const MAX_BYTES = 64

/**
 * The last header block that only referred to tables. While the dynamic one stays as it is, the same bytes are the same fields:
 * a client that goes on sends little else.
 */
export class RecentBlock {
  readonly #bytes = new Uint8Array(MAX_BYTES)
  #sizeBytes = 0
  #fields: HeaderField[] = []

  /** The table has changed. */
  forget(): void {
    this.#sizeBytes = 0
  }

  /** The fields of buf[from, to), nobody's to change; undefined where it is another block. */
  fieldsOf(buf: Uint8Array, from: number, to: number): HeaderField[] | undefined {
    const size = this.#sizeBytes
    if (size === 0 || to - from !== size) return undefined
    const bytes = this.#bytes
    for (let i = 0; i < size; i++) if (bytes[i] !== buf[from + i]) return undefined
    return this.#fields
  }

  keep(buf: Uint8Array, from: number, to: number, fields: HeaderField[]): void {
    if (to - from > MAX_BYTES) return
    for (let i = from; i < to; i++) this.#bytes[i - from] = buf[i]!
    this.#sizeBytes = to - from
    this.#fields = fields
  }
}
