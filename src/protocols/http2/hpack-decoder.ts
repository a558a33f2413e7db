import { latin1 } from '../http/bytes.ts'
import { MAX_HEADERS } from '../http/limits.ts'
import { DynamicTable } from './dynamic-table.ts'
import { HeaderField, UNKNOWN_NAME } from './header-field.ts'
import { decodeHuffman, decodedRoom } from './huffman.ts'
import { MAX_BLOCK_BYTES, MAX_LIST_BYTES, MAX_TABLE_BYTES } from './limits.ts'
import { RecentBlock } from './recent-block.ts'
import { STATIC_ENTRIES, STATIC_TABLE } from './static-table.ts'

/** Size of the table before anybody says another (RFC 9113 §6.5.2). */
export const DEFAULT_TABLE_BYTES = 4096
/** Integers of more bits than this are nonsense wherever HPACK has one. */
const MAX_INTEGER = 2 ** 28
/** A text that is kept by a table should not keep a much longer one alive. */
const SHARED_TEXT_BYTES = 1024
/** Behind a literal: its name is that of another field, or stands in the text from here to there; so does its value. */
const MARKS = 4

// Texts are decoded here one after the other, and made into one string a block: calls that make strings cost more than the decoding.
// Shared by all, as no call leaves anything in it.
let scratch = new Uint8Array(0)
const literals: HeaderField[] = []
const names: (HeaderField | undefined)[] = []
let marks = new Int32Array(64 * MARKS)
let literalCount = 0

/**
 * Header blocks of one direction to header lists (RFC 7541). Entries that were lost or sent before the capture are said to be unknown:
 * positions count from the newest entry, so whatever was learned since is right.
 */
export class HpackDecoder {
  readonly #table = new DynamicTable(DEFAULT_TABLE_BYTES)
  readonly #recent = new RecentBlock()
  /** Something in the block is no reference to a table. */
  #isOwn = false
  /** Why entries may be unknown; undefined while none can be. */
  #doubt: string | undefined
  #buf: Uint8Array = scratch
  #pos = 0
  #to = 0
  #textEnd = 0
  #listBytes = 0
  /** Of the last block. A list that is said again is the same one. */
  fields: HeaderField[] = []
  unknownCount = 0
  /** Fields that were not listed, for there are too many of them. */
  isCut = false
  /** Why the last block could not be read. What was read of it is in `fields`. */
  problem = ''
  /** Largest table that the sender asked for so far. */
  askedTableBytes = DEFAULT_TABLE_BYTES

  /** About what the table holds. */
  get heldBytes(): number {
    return this.#table.sizeBytes * 2
  }

  /** Entries are unknown from here on, because of what `why` says of them: `was lost`. */
  loosen(why: string): void {
    this.#doubt = why
    this.#recent.forget()
    this.#table.clear()
    // The sender's size may be unknown as well. One that is too large does no harm: nobody refers to what was evicted.
    this.#table.resize(MAX_TABLE_BYTES)
  }

  /** False where the block breaks the format; the table cannot be trusted then. At most MAX_BLOCK_BYTES. */
  decode(buf: Uint8Array, from: number, to: number): boolean {
    this.unknownCount = this.#listBytes = this.#textEnd = 0
    this.isCut = this.#isOwn = false
    this.problem = ''
    const known = this.#recent.fieldsOf(buf, from, to)
    this.fields = known ?? []
    if (known !== undefined) return true
    this.#buf = buf
    this.#pos = from
    this.#to = to
    literalCount = 0
    const room = decodedRoom(Math.min(to - from, MAX_BLOCK_BYTES)) * 2
    if (scratch.length < room) scratch = new Uint8Array(Math.max(4096, room))
    if (to - from > MAX_BLOCK_BYTES) this.problem = 'header block too long'
    while (this.#pos < to && this.problem === '') this.#field()
    this.#fill()
    this.#buf = scratch
    if (this.problem !== '') return false
    if (!this.#isOwn && this.unknownCount === 0 && !this.isCut) this.#recent.keep(buf, from, to, this.fields)
    return true
  }

  #field(): void {
    const first = this.#buf[this.#pos]!
    if (first >= 0x80) {
      this.#indexed(first)
      return
    }
    this.#isOwn = true
    if (first >= 0x40) this.#literal(first, 0x3f, true)
    else if (first >= 0x20) this.#resize(first)
    else this.#literal(first, 0x0f, false)
  }

  #indexed(first: number): void {
    let index = first & 0x7f
    this.#pos++
    if (index === 0x7f) index = this.#integer(0x7f)
    if (index === 0) this.#fail('table index 0')
    else if (index <= STATIC_ENTRIES) this.#list(STATIC_TABLE[index]!)
    else if (this.problem === '') this.#list(this.#table.at(index - STATIC_ENTRIES - 1) ?? this.#unknown(index))
  }

  #unknown(index: number): HeaderField {
    if (this.#doubt === undefined) {
      this.#fail(`table index ${index} that nobody sent`)
      return STATIC_TABLE[0]!
    }
    this.unknownCount++
    return new HeaderField(UNKNOWN_NAME, `[unknown: table entry ${index} ${this.#doubt}]`, -1, 1, true)
  }

  /** RFC 7541 §6.2. */
  #literal(first: number, mask: number, isIndexed: boolean): void {
    let index = first & mask
    this.#pos++
    if (index === mask) index = this.#integer(mask)
    let source: HeaderField | undefined
    const nameAt = this.#textEnd
    if (index === 0) this.#string()
    else source = index <= STATIC_ENTRIES ? STATIC_TABLE[index]! : this.#table.at(index - STATIC_ENTRIES - 1) ?? this.#unknown(index)
    const valueAt = this.#textEnd
    if (this.problem === '') this.#string()
    if (this.problem !== '') return
    const nameBytes = source === undefined ? valueAt - nameAt : Math.max(0, source.nameBytes)
    const field = new HeaderField('', '', nameBytes, this.#textEnd - valueAt, source !== undefined && source.isNameless)
    this.#mark(field, source, nameAt, valueAt, isIndexed)
    if (isIndexed) {
      this.#recent.forget()
      this.#table.add(field)
    }
    this.#list(field)
  }

  #mark(field: HeaderField, source: HeaderField | undefined, nameAt: number, valueAt: number, isIndexed: boolean): void {
    const at = literalCount * MARKS
    if (at === marks.length) {
      const grown = new Int32Array(marks.length * 2)
      grown.set(marks)
      marks = grown
    }
    literals[literalCount] = field
    names[literalCount++] = source
    marks[at] = nameAt
    marks[at + 1] = valueAt
    marks[at + 2] = this.#textEnd
    marks[at + 3] = isIndexed ? 1 : 0
  }

  #list(field: HeaderField): void {
    this.#listBytes += field.sizeBytes
    if (this.#listBytes > MAX_LIST_BYTES || this.fields.length >= MAX_HEADERS) this.isCut = true
    else this.fields.push(field)
  }

  /** RFC 7541 §6.3. */
  #resize(first: number): void {
    let size = first & 0x1f
    this.#pos++
    if (size === 0x1f) size = this.#integer(0x1f)
    if (this.problem !== '') return
    // RFC 7541 §4.2: only at the beginning of a block.
    if (this.fields.length > 0) this.#fail('table size update within a header block')
    if (size > this.askedTableBytes) this.askedTableBytes = size
    if (size > MAX_TABLE_BYTES) this.#doubt ??= 'is beyond the table that is kept'
    this.#recent.forget()
    this.#table.resize(Math.min(size, MAX_TABLE_BYTES))
  }

  /** RFC 7541 §5.1, behind a prefix that is full. */
  #integer(prefix: number): number {
    let value = prefix
    let scale = 1
    while (this.#pos < this.#to) {
      const byte = this.#buf[this.#pos++]!
      value += (byte & 0x7f) * scale
      if (value > MAX_INTEGER || scale > MAX_INTEGER) break
      if (byte < 0x80) return value
      scale *= 128
    }
    this.#fail(this.#pos < this.#to ? 'integer too large' : 'header block ends within an integer')
    return 0
  }

  /** RFC 7541 §5.2: appends the string to the text. */
  #string(): void {
    if (this.#pos >= this.#to) return this.#fail('header block ends within a field')
    const first = this.#buf[this.#pos++]!
    let length = first & 0x7f
    if (length === 0x7f) length = this.#integer(0x7f)
    const end = this.#pos + length
    if (end > this.#to) return this.#fail('string longer than its header block')
    if (this.problem !== '') return
    if (first >= 0x80) {
      const textEnd = decodeHuffman(this.#buf, this.#pos, end, scratch, this.#textEnd)
      if (textEnd < 0) return this.#fail('Huffman code broken')
      this.#textEnd = textEnd
    } else {
      const at = this.#textEnd - this.#pos
      for (let i = this.#pos; i < end; i++) scratch[at + i] = this.#buf[i]!
      this.#textEnd += length
    }
    this.#pos = end
  }

  #fail(problem: string): void {
    if (this.problem === '') this.problem = problem
  }

  /** Gives the literals of the block their texts, all cut from one string. */
  #fill(): void {
    if (literalCount === 0) return
    const isShared = this.#textEnd <= SHARED_TEXT_BYTES
    const text = latin1(scratch, 0, this.#textEnd)
    for (let i = 0, at = 0; i < literalCount; i++, at += MARKS) {
      const field = literals[i]!
      const source = names[i]
      const valueAt = marks[at + 1]!
      const end = marks[at + 2]!
      const isOwn = !isShared && marks[at + 3] === 1
      if (source !== undefined) field.name = source.name
      else field.name = isOwn ? latin1(scratch, marks[at]!, valueAt) : text.slice(marks[at]!, valueAt)
      field.value = isOwn ? latin1(scratch, valueAt, end) : text.slice(valueAt, end)
      names[i] = undefined
    }
    if (literals.length > 64) literals.length = 64
    else for (let i = 0; i < literalCount; i++) literals[i] = STATIC_TABLE[0]!
  }
}
