import type { CaptureFailure, CaptureHandlers, CaptureParser } from './capture-handlers.ts'
import { MAX_FRAME_BYTES } from './capture-handlers.ts'

const MAGIC_MICROS = 0xa1b2c3d4
const MAGIC_NANOS = 0xa1b23c4d
/** Written by libpcap as patched by A. Kuznetzov: eight bytes more in each record header. */
const MAGIC_MODIFIED = 0xa1b2cd34
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const MODIFIED_RECORD_HEADER_BYTES = 24
/** The upper half of the field holds the length of the frame check sequence. */
const LINK_TYPE_MASK = 0xffff
/** What libpcap itself reads, even where the snap length of the file is less. */
const COMMON_FRAME_BYTES = 262_144
/** Before version 2.3 the two lengths of a record were swapped, in 2.3 only by some writers. */
const SWAPPED_UNTIL_MINOR = 3

/** Byte order of a pcap file by its first four bytes; undefined when it is none. */
export function pcapByteOrder(view: DataView, offset: number): 'little' | 'big' | undefined {
  if (isMagic(view.getUint32(offset, true))) return 'little'
  return isMagic(view.getUint32(offset, false)) ? 'big' : undefined
}

function isMagic(magic: number): boolean {
  return magic === MAGIC_MICROS || magic === MAGIC_NANOS || magic === MAGIC_MODIFIED
}

/** Reads the classic format, draft-ietf-opsawg-pcap: µs and ns, both byte orders, and the modified variant. */
export class PcapParser implements CaptureParser {
  readonly format = 'pcap'
  frames = 0
  failure: CaptureFailure | undefined
  readonly #handlers: CaptureHandlers
  #little = true
  #position = 0
  /** 0 until the file header was read. */
  #headerBytes = 0
  #nanos = false
  #linkType = 0
  #maxCaptured = 0
  #oldLengths = false

  constructor(handlers: CaptureHandlers) {
    this.#handlers = handlers
  }

  parse(buf: Uint8Array, start: number, end: number): number {
    if (this.failure !== undefined) return start
    const view = new DataView(buf.buffer, buf.byteOffset, buf.byteLength)
    let at = start
    if (this.#headerBytes === 0) {
      if (end - start < FILE_HEADER_BYTES) return start
      this.#fileHeader(view, start)
      at += FILE_HEADER_BYTES
    }
    if (this.failure === undefined) at = this.#records(buf, view, at, end, at - start)
    this.#position += at - start
    return at
  }

  finish(remainingBytes: number): CaptureFailure | undefined {
    if (this.failure === undefined && (remainingBytes > 0 || this.#headerBytes === 0)) {
      const what = this.#headerBytes === 0 ? 'ends in the middle of its file header' : 'ends in the middle of a record'
      this.failure = { code: 'capture-cut', what, atByte: this.#position }
    }
    return this.failure
  }

  #fileHeader(view: DataView, at: number): void {
    const little = pcapByteOrder(view, at) === 'little'
    const magic = view.getUint32(at, little)
    const major = view.getUint16(at + 4, little)
    const minor = view.getUint16(at + 6, little)
    const snapLengthBytes = view.getUint32(at + 16, little)
    this.#little = little
    this.#headerBytes = magic === MAGIC_MODIFIED ? MODIFIED_RECORD_HEADER_BYTES : RECORD_HEADER_BYTES
    this.#nanos = magic === MAGIC_NANOS
    this.#linkType = view.getUint32(at + 20, little) & LINK_TYPE_MASK
    this.#maxCaptured = snapLengthBytes === 0 ? MAX_FRAME_BYTES
      : Math.min(Math.max(snapLengthBytes, COMMON_FRAME_BYTES), MAX_FRAME_BYTES)
    this.#oldLengths = major === 2 && minor <= SWAPPED_UNTIL_MINOR
    this.#handlers.interface({
      id: 0, section: 0, linkType: this.#linkType, snapLengthBytes, resolution: { base: 10, exponent: this.#nanos ? 9 : 6 },
    })
  }

  #records(buf: Uint8Array, view: DataView, from: number, end: number, skipped: number): number {
    const handlers = this.#handlers
    const little = this.#little
    const headerBytes = this.#headerBytes
    const nanos = this.#nanos
    const linkType = this.#linkType
    const maxCaptured = this.#maxCaptured
    let at = from
    while (end - at >= headerBytes) {
      let captured = view.getUint32(at + 8, little)
      let wire = view.getUint32(at + 12, little)
      if (captured > wire) {
        const actual = captured
        if (this.#oldLengths) captured = wire
        wire = actual
      }
      if (captured > maxCaptured) {
        this.#fail(captured, at - from + skipped)
        break
      }
      const data = at + headerBytes
      if (end - data < captured) break
      const fraction = view.getUint32(at + 4, little)
      const atMicros = view.getUint32(at, little) * 1_000_000 + (nanos ? Math.floor(fraction / 1000) : fraction)
      at = data + captured
      this.frames++
      handlers.frame(buf, data, captured, wire, atMicros, linkType, 0)
    }
    return at
  }

  #fail(captured: number, sinceStart: number): void {
    this.failure = {
      code: 'capture-malformed', atByte: this.#position + sinceStart,
      what: `has a record that claims ${captured} captured bytes where at most ${this.#maxCaptured} can be`,
    }
  }
}
