import type { Micros } from '../model/time.ts'
import type { NameRecord } from './pcapng-names.ts'
import { encodeNames } from './pcapng-names.ts'
import { paddedBytes } from './pcapng-options.ts'
import { BYTE_ORDER_MAGIC, SECTION_HEADER } from './pcapng.ts'

const INTERFACE_DESCRIPTION = 1
const ENHANCED_PACKET = 6
const NAME_RESOLUTION = 4
const DECRYPTION_SECRETS = 10
const OPT_END = 0
const OPT_COMMENT = 1
const SHB_USERAPPL = 4
const IF_NAME = 2
const IF_DESCRIPTION = 3
const IF_TSRESOL = 9
const MICROSECOND_EXPONENT = 6
const PACKET_DATA = 28
const TRAILER_BYTES = 4
const OPTION_HEADER_BYTES = 4
const MAX_OPTION_BYTES = 65_535
const FIRST_CAPACITY_BYTES = 64 * 1024
/** A buffer that once grew beyond this is not kept when it was handed out. */
const KEEP_CAPACITY_BYTES = 4 * 1024 * 1024
const WORD = 2 ** 32

const encoder = new TextEncoder()

/** An interface as a pcapng file describes it. */
export interface WrittenInterface { linkType: number, name?: string, description?: string, snapLengthBytes?: number }

interface WrittenOption { code: number, value: Uint8Array }

/**
 * Makes a pcapng file of one section, little endian, times in microseconds. The caller writes the bytes: `header()` first,
 * then whatever `take()` hands out.
 */
export class PcapngWriter {
  readonly #userApplication: string
  #interfaces = 0
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #used = 0

  /** @param userApplication who wrote the file: `mtlscope 0.1.0` */
  constructor(userApplication = 'mtlscope') {
    this.#userApplication = userApplication
  }

  /** Section header block; its length is left open. */
  header(): Uint8Array {
    const options = encodeOptions([textOption(SHB_USERAPPL, this.#userApplication)])
    const body = new Uint8Array(16 + options.length)
    const view = new DataView(body.buffer)
    view.setUint32(0, BYTE_ORDER_MAGIC, true)
    view.setUint16(4, 1, true)
    view.setBigInt64(8, -1n, true)
    body.set(options, 16)
    return encodeBlock(SECTION_HEADER, body)
  }

  /** Appends an interface description block. The id counts from 0 in the order of the calls. */
  addInterface(i: WrittenInterface): { id: number } {
    const options: WrittenOption[] = []
    if (i.name !== undefined) options.push(textOption(IF_NAME, i.name))
    if (i.description !== undefined) options.push(textOption(IF_DESCRIPTION, i.description))
    options.push({ code: IF_TSRESOL, value: Uint8Array.of(MICROSECOND_EXPONENT) })
    const encoded = encodeOptions(options)
    const body = new Uint8Array(8 + encoded.length)
    const view = new DataView(body.buffer)
    view.setUint16(0, i.linkType, true)
    view.setUint32(4, i.snapLengthBytes ?? 0, true)
    body.set(encoded, 8)
    this.#append(encodeBlock(INTERFACE_DESCRIPTION, body))
    return { id: this.#interfaces++ }
  }

  /**
   * Appends an enhanced packet block for the frame `buf[offset, offset + captured)`, which is copied.
   * @param wire length on the wire in bytes
   * @param comment cut at 64 KiB; or what commentOptions made of it, where many frames share it
   */
  frame(interfaceId: number, buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, comment?: string | Uint8Array): void {
    const text = typeof comment === 'string' ? commentOptions(comment) : comment
    const padded = paddedBytes(captured)
    const size = PACKET_DATA + padded + (text === undefined ? 0 : text.length) + TRAILER_BYTES
    this.#reserve(size)
    const view = this.#view
    const at = this.#used
    view.setUint32(at, ENHANCED_PACKET, true)
    view.setUint32(at + 4, size, true)
    view.setUint32(at + 8, interfaceId, true)
    view.setUint32(at + 12, Math.floor(atMicros / WORD), true)
    view.setUint32(at + 16, atMicros % WORD, true)
    view.setUint32(at + 20, captured, true)
    view.setUint32(at + 24, wire, true)
    if (padded !== captured) view.setUint32(at + PACKET_DATA + padded - 4, 0, true)
    this.#bytes.set(buf.subarray(offset, offset + captured), at + PACKET_DATA)
    if (text !== undefined) this.#bytes.set(text, at + PACKET_DATA + padded)
    view.setUint32(at + size - TRAILER_BYTES, size, true)
    this.#used = at + size
  }

  /** Appends a decryption secrets block: it must come before the frames that need it. @param type 0x544c534b: TLS key log */
  secrets(type: number, bytes: Uint8Array): void {
    const body = new Uint8Array(8 + paddedBytes(bytes.length))
    const view = new DataView(body.buffer)
    view.setUint32(0, type, true)
    view.setUint32(4, bytes.length, true)
    body.set(bytes, 8)
    this.#append(encodeBlock(DECRYPTION_SECRETS, body))
  }

  /** Appends a name resolution block. Records that are no addresses are left out. */
  names(records: readonly NameRecord[]): void {
    this.#append(encodeBlock(NAME_RESOLUTION, encodeNames(records)))
  }

  get pendingBytes(): number {
    return this.#used
  }

  /** What was appended since the last call. The bytes have an ArrayBuffer of their own, which belongs to the caller. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#used)
    this.#used = 0
    if (this.#bytes.length > KEEP_CAPACITY_BYTES) this.#resize(FIRST_CAPACITY_BYTES)
    return taken
  }

  #append(block: Uint8Array): void {
    this.#reserve(block.length)
    this.#bytes.set(block, this.#used)
    this.#used += block.length
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#used + sizeBytes
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2))
  }

  #resize(capacityBytes: number): void {
    const grown = new Uint8Array(capacityBytes)
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** A comment as the options of a frame's block, for many calls of `frame`. */
export function commentOptions(comment: string): Uint8Array {
  return encodeOptions([textOption(OPT_COMMENT, comment)])
}

function textOption(code: number, text: string): WrittenOption {
  const value = new Uint8Array(Math.min(text.length * 3, MAX_OPTION_BYTES))
  return { code, value: value.subarray(0, encoder.encodeInto(text, value).written) }
}

function encodeOptions(options: readonly WrittenOption[]): Uint8Array {
  const size = options.reduce((sum, o) => sum + OPTION_HEADER_BYTES + paddedBytes(o.value.length), OPTION_HEADER_BYTES)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { code, value } of options) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, value.length, true)
    bytes.set(value, at + OPTION_HEADER_BYTES)
    at += OPTION_HEADER_BYTES + paddedBytes(value.length)
  }
  view.setUint32(at, OPT_END, true)
  return bytes
}

/** @param body a multiple of 4 bytes long */
function encodeBlock(type: number, body: Uint8Array): Uint8Array {
  const size = body.length + 12
  const block = new Uint8Array(size)
  const view = new DataView(block.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, size, true)
  block.set(body, 8)
  view.setUint32(size - 4, size, true)
  return block
}
