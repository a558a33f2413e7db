import type { CaptureHandlers, CaptureInterface, SectionInfo } from '../src/net/capture-handlers.ts'

/** A frame as a test sees it: the bytes are a copy. */
export interface SeenFrame { bytes: Uint8Array, wire: number, atMicros: number, linkType: number, interfaceId: number }

/** Handlers that keep everything. */
export class Seen implements CaptureHandlers {
  readonly frames: SeenFrame[] = []
  readonly interfaces: CaptureInterface[] = []
  readonly sections: SectionInfo[] = []
  readonly kept: { type: number, bytes: Uint8Array }[] = []
  readonly names = new Map<string, string[]>()

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number, linkType: number, interfaceId: number): void {
    this.frames.push({ bytes: buf.slice(offset, offset + captured), wire, atMicros, linkType, interfaceId })
  }

  interface(i: CaptureInterface): void {
    this.interfaces.push(i)
  }

  section(s: SectionInfo): void {
    this.sections.push(s)
  }

  secrets(type: number, bytes: Uint8Array): void {
    this.kept.push({ type, bytes })
  }

  name(ip: string, names: string[]): void {
    this.names.set(ip, names)
  }
}

export interface PcapOptions { magic?: number, little?: boolean, snapLength?: number, linkType?: number, version?: [number, number] }
export interface PcapRecord { seconds: number, fraction: number, bytes: Uint8Array, captured?: number, wire?: number }

/** A pcap file. `captured` and `wire` may lie about the bytes. */
export function pcapFile(records: readonly PcapRecord[], options: PcapOptions = {}): Uint8Array {
  const { magic = 0xa1b2c3d4, little = true, snapLength = 65535, linkType = 1, version = [2, 4] } = options
  const header = new DataView(new ArrayBuffer(24))
  header.setUint32(0, magic, little)
  header.setUint16(4, version[0], little)
  header.setUint16(6, version[1], little)
  header.setUint32(16, snapLength, little)
  header.setUint32(20, linkType, little)
  const headerBytes = magic === 0xa1b2cd34 ? 24 : 16
  return joinBytes(bytesOf(header), ...records.flatMap((r) => {
    const view = new DataView(new ArrayBuffer(headerBytes))
    view.setUint32(0, r.seconds, little)
    view.setUint32(4, r.fraction, little)
    view.setUint32(8, r.captured ?? r.bytes.length, little)
    view.setUint32(12, r.wire ?? r.bytes.length, little)
    return [bytesOf(view), r.bytes]
  }))
}

/** Makes the blocks of a pcapng file in one byte order, well formed unless asked otherwise. */
export class PcapngBlocks {
  readonly little: boolean

  constructor(little = true) {
    this.little = little
  }

  block(type: number, body: Uint8Array, lengths: { first?: number, last?: number } = {}): Uint8Array {
    const padded = joinBytes(body, new Uint8Array(-body.length & 3))
    const size = padded.length + 12
    return joinBytes(this.words(type, lengths.first ?? size), padded, this.words(lengths.last ?? size))
  }

  section(options: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
    const body = joinBytes(this.words(0x1a2b3c4d), this.halves(version, 0), this.words(0xffffffff, 0xffffffff), options)
    return this.block(0x0a0d0d0a, body)
  }

  interface(linkType = 1, snapLength = 0, options: Uint8Array = new Uint8Array(0)): Uint8Array {
    return this.block(1, joinBytes(this.halves(linkType, 0), this.words(snapLength), options))
  }

  packet(interfaceId: number, high: number, low: number, bytes: Uint8Array, lie: { captured?: number, wire?: number } = {}): Uint8Array {
    const head = this.words(interfaceId, high, low, lie.captured ?? bytes.length, lie.wire ?? bytes.length)
    return this.block(6, joinBytes(head, bytes))
  }

  option(code: number, value: Uint8Array | string): Uint8Array {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
    return joinBytes(this.halves(code, bytes.length), bytes, new Uint8Array(-bytes.length & 3))
  }

  words(...values: number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(values.length * 4))
    values.forEach((v, i) => view.setUint32(i * 4, v, this.little))
    return bytesOf(view)
  }

  halves(...values: number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(values.length * 2))
    values.forEach((v, i) => view.setUint16(i * 2, v, this.little))
    return bytesOf(view)
  }
}

export function joinBytes(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer)
}
