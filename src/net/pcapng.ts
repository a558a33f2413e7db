import type { CaptureFailure, CaptureHandlers, CaptureParser, SectionInfo } from './capture-handlers.ts'
import { MAX_BLOCK_BYTES, MAX_FRAME_BYTES } from './capture-handlers.ts'
import type { PcapngInterface } from './pcapng-interface.ts'
import { parseInterface } from './pcapng-interface.ts'
import { parseNames } from './pcapng-names.ts'
import { optionText, parseOptions } from './pcapng-options.ts'

/** Reads the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const PACKET = 2
const SIMPLE_PACKET = 3
const NAME_RESOLUTION = 4
const ENHANCED_PACKET = 6
const DECRYPTION_SECRETS = 10
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Type, total length and, at the end, the total length again. */
const FRAMING_BYTES = 12
const TRAILER_BYTES = 4
const SECTION_BODY_BYTES = 16
/** Offset of the captured bytes in a (enhanced) packet block and in a simple one. */
const PACKET_DATA = 28
const SIMPLE_DATA = 12
const MAX_INTERFACES_A_SECTION = 16_384

const SHB_HARDWARE = 2
const SHB_OS = 3
const SHB_USERAPPL = 4

/**
 * Reads draft-ietf-opsawg-pcapng. Blocks of types that it does not know, statistics and custom blocks are passed over.
 * Simple packet blocks carry no time: they get that of the packet before them in the section, or 0.
 */
export class PcapngParser implements CaptureParser {
  readonly format = 'pcapng'
  frames = 0
  failure: CaptureFailure | undefined
  readonly #handlers: CaptureHandlers
  #little = true
  /** Offset in the file of the block at hand. */
  #position = 0
  #section = -1
  #interfaces: PcapngInterface[] = []
  /** Interfaces of the sections before this one. */
  #interfacesBefore = 0
  #lastMicros = 0

  constructor(handlers: CaptureHandlers) {
    this.#handlers = handlers
  }

  parse(buf: Uint8Array, start: number, end: number): number {
    const view = new DataView(buf.buffer, buf.byteOffset, buf.byteLength)
    let at = start
    while (this.failure === undefined && end - at >= FRAMING_BYTES) {
      const type = view.getUint32(at, this.#little)
      if (type === SECTION_HEADER && !this.#turnByteOrder(view, at)) break
      const size = view.getUint32(at + 4, this.#little)
      if (size < FRAMING_BYTES || (size & 3) !== 0 || size > MAX_BLOCK_BYTES) {
        this.#badLength(size)
        break
      }
      if (end - at < size) break
      if (view.getUint32(at + size - TRAILER_BYTES, this.#little) !== size) {
        this.#malformed(`has a block of ${size} bytes whose closing length is ${view.getUint32(at + size - TRAILER_BYTES, this.#little)}`)
        break
      }
      if (type === ENHANCED_PACKET) this.#packet(buf, view, at, size, view.getUint32(at + 8, this.#little))
      else this.#block(buf, view, at, size, type)
      if (this.failure !== undefined) break
      at += size
      this.#position += size
    }
    return at
  }

  finish(remainingBytes: number): CaptureFailure | undefined {
    if (this.failure === undefined && remainingBytes > 0) {
      this.failure = { code: 'capture-cut', what: 'ends in the middle of a block', atByte: this.#position }
    }
    return this.failure
  }

  #block(buf: Uint8Array, view: DataView, at: number, size: number, type: number): void {
    const end = at + size - TRAILER_BYTES
    switch (type) {
      case SECTION_HEADER: return this.#sectionHeader(buf, view, at, end)
      case INTERFACE_DESCRIPTION: return this.#interface(buf, view, at + 8, end)
      case SIMPLE_PACKET: return this.#simplePacket(buf, view, at, size)
      case PACKET: {
        if (size < PACKET_DATA + TRAILER_BYTES) return this.#malformed(`has a packet block of only ${size} bytes`)
        return this.#packet(buf, view, at, size, view.getUint16(at + 8, this.#little))
      }
      case NAME_RESOLUTION: return this.#names(buf, view, at + 8, end)
      case DECRYPTION_SECRETS: return this.#secrets(buf, view, at + 8, end)
    }
  }

  /** The enhanced packet block (§4.3) and the obsolete packet block (appendix A) differ in how they name the interface only. */
  #packet(buf: Uint8Array, view: DataView, at: number, size: number, index: number): void {
    const little = this.#little
    if (size < PACKET_DATA + TRAILER_BYTES) return this.#malformed(`has a packet block of only ${size} bytes`)
    const captured = view.getUint32(at + 20, little)
    if (captured > size - PACKET_DATA - TRAILER_BYTES || captured > MAX_FRAME_BYTES) {
      return this.#malformed(`has a packet block of ${size} bytes that claims ${captured} captured bytes`)
    }
    const from = index < this.#interfaces.length ? this.#interfaces[index] : undefined
    if (from === undefined) return this.#malformed(`has a packet of interface ${index}, which section ${this.#section} does not describe`)
    const wire = view.getUint32(at + 24, little)
    const atMicros = from.clock.toMicros(view.getUint32(at + 12, little), view.getUint32(at + 16, little))
    this.#lastMicros = atMicros
    this.frames++
    const { linkType, id } = from.described
    this.#handlers.frame(buf, at + PACKET_DATA, captured, wire < captured ? captured : wire, atMicros, linkType, id)
  }

  /** §4.4: the captured length is not written down; it is the lesser of the original and the snap length. */
  #simplePacket(buf: Uint8Array, view: DataView, at: number, size: number): void {
    const from = this.#interfaces[0]
    if (from === undefined) return this.#malformed(`has a simple packet, but section ${this.#section} describes no interface`)
    if (size < SIMPLE_DATA + TRAILER_BYTES) return this.#malformed(`has a simple packet block of only ${size} bytes`)
    const { linkType, id, snapLengthBytes } = from.described
    const wire = view.getUint32(at + 8, this.#little)
    const room = size - SIMPLE_DATA - TRAILER_BYTES
    const captured = Math.min(wire, snapLengthBytes === 0 ? wire : snapLengthBytes)
    if (captured > room || captured > MAX_FRAME_BYTES) {
      return this.#malformed(`has a simple packet block of ${size} bytes that claims ${captured} captured bytes`)
    }
    this.frames++
    this.#handlers.frame(buf, at + SIMPLE_DATA, captured, wire, this.#lastMicros, linkType, id)
  }

  #turnByteOrder(view: DataView, at: number): boolean {
    if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) this.#little = true
    else if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) this.#little = false
    else this.#malformed('has a section header without the byte-order magic')
    return this.failure === undefined
  }

  #sectionHeader(buf: Uint8Array, view: DataView, at: number, end: number): void {
    const little = this.#little
    const body = at + 8
    if (end - body < SECTION_BODY_BYTES) return this.#malformed('has a section header that is too short')
    const major = view.getUint16(body + 4, little)
    if (major !== 1) return this.#malformed(`has a section in pcapng version ${major}.${view.getUint16(body + 6, little)}, which is not known`)
    const options = parseOptions(view, body + SECTION_BODY_BYTES, end, little)
    if (options === undefined) return this.#malformed('has a section header with an option that is longer than the block')
    this.#section++
    this.#interfacesBefore += this.#interfaces.length
    this.#interfaces = []
    this.#lastMicros = 0
    const info: SectionInfo = {}
    const userApplication = optionText(buf, options, SHB_USERAPPL)
    const hardware = optionText(buf, options, SHB_HARDWARE)
    const os = optionText(buf, options, SHB_OS)
    if (userApplication !== undefined) info.userApplication = userApplication
    if (hardware !== undefined) info.hardware = hardware
    if (os !== undefined) info.os = os
    this.#handlers.section?.(info)
  }

  #interface(buf: Uint8Array, view: DataView, offset: number, end: number): void {
    if (this.#interfaces.length === MAX_INTERFACES_A_SECTION) {
      return this.#malformed(`describes more than ${MAX_INTERFACES_A_SECTION} interfaces in a section`)
    }
    const id = this.#interfacesBefore + this.#interfaces.length
    const found = parseInterface(buf, view, offset, end, this.#little, id, this.#section)
    if (found === undefined) return this.#malformed('has an interface description that is longer than its block')
    this.#interfaces.push(found)
    this.#handlers.interface(found.described)
  }

  #names(buf: Uint8Array, view: DataView, offset: number, end: number): void {
    const handlers = this.#handlers
    if (handlers.name === undefined) return
    parseNames(buf, view, offset, end, this.#little, (ip, names) => handlers.name?.(ip, names))
  }

  /** §4.6: type (32 bits), length (32 bits), secrets. */
  #secrets(buf: Uint8Array, view: DataView, offset: number, end: number): void {
    const length = end - offset < 8 ? Infinity : view.getUint32(offset + 4, this.#little)
    if (length > end - offset - 8) return this.#malformed('has decryption secrets that are longer than their block')
    this.#handlers.secrets?.(view.getUint32(offset, this.#little), buf.slice(offset + 8, offset + 8 + length))
  }

  #badLength(size: number): void {
    if (size > MAX_BLOCK_BYTES) this.#malformed(`has a block that claims ${size} bytes where at most ${MAX_BLOCK_BYTES} can be`)
    else if (size < FRAMING_BYTES) this.#malformed(`has a block that claims ${size} bytes where at least ${FRAMING_BYTES} must be`)
    else this.#malformed(`has a block of ${size} bytes, which is not a multiple of 4`)
  }

  #malformed(what: string): void {
    this.failure = { code: 'capture-malformed', what, atByte: this.#position }
  }
}
