import { parseAddress } from '../src/net/address.ts'

/** Builders of frames for tests: each returns its header with `payload` behind it. IPv4 headers have their checksum, TCP and UDP have none. */

export interface EthernetOptions { type?: number, payload: Uint8Array }
export interface Ipv4Options {
  src?: string, dst?: string, protocol: number, payload: Uint8Array
  id?: number, more?: boolean, offset?: number, options?: Uint8Array
  /** Instead of the true total length. */
  total?: number
}
export interface Ipv6Options { src?: string, dst?: string, next: number, payload: Uint8Array, length?: number }
export interface TcpOptions {
  srcPort?: number, dstPort?: number, seq?: number, ack?: number, flags?: number, options?: Uint8Array, payload?: Uint8Array
}
export interface UdpOptions { srcPort?: number, dstPort?: number, payload?: Uint8Array, length?: number }

export const EMPTY = new Uint8Array(0)

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Big-endian numbers, each as [value, size in bytes]. */
export function bytes(...fields: [value: number, size: number][]): Uint8Array {
  const out: number[] = []
  for (const [value, size] of fields) {
    for (let i = size - 1; i >= 0; i--) out.push(Math.floor(value / 256 ** i) & 255)
  }
  return Uint8Array.from(out)
}

export function ethernet({ type = 0x0800, payload }: EthernetOptions): Uint8Array {
  return concat(bytes([0x02_00_00_00_00_02, 6], [0x02_00_00_00_00_01, 6], [type, 2]), payload)
}

/** A VLAN tag to be put behind an EtherType 0x8100 or 0x88a8: `type` is what follows it. */
export function vlan({ id = 1, type = 0x0800, payload }: { id?: number, type?: number, payload: Uint8Array }): Uint8Array {
  return concat(bytes([id, 2], [type, 2]), payload)
}

export function ipv4(o: Ipv4Options): Uint8Array {
  const options = o.options ?? EMPTY
  const headerBytes = 20 + options.length
  const header = concat(bytes(
    [0x40 | headerBytes / 4, 1], [0, 1], [o.total ?? headerBytes + o.payload.length, 2], [o.id ?? 0, 2],
    [(o.more === true ? 0x2000 : 0) | (o.offset ?? 0) / 8, 2], [64, 1], [o.protocol, 1], [0, 2],
  ), addressBytes(o.src ?? '10.0.0.1'), addressBytes(o.dst ?? '10.0.0.2'), options)
  header.set(bytes([checksum(header), 2]), 10)
  return concat(header, o.payload)
}

export function ipv6(o: Ipv6Options): Uint8Array {
  return concat(
    bytes([0x60000000, 4], [o.length ?? o.payload.length, 2], [o.next, 1], [64, 1]),
    addressBytes(o.src ?? 'fd00::1'), addressBytes(o.dst ?? 'fd00::2'), o.payload,
  )
}

export function tcp(o: TcpOptions): Uint8Array {
  const options = o.options ?? EMPTY
  return concat(bytes(
    [o.srcPort ?? 40000, 2], [o.dstPort ?? 80, 2], [(o.seq ?? 0) >>> 0, 4], [(o.ack ?? 0) >>> 0, 4],
    [(20 + options.length) / 4 << 4, 1], [o.flags ?? 0x10, 1], [0xffff, 2], [0, 4],
  ), options, o.payload ?? EMPTY)
}

export function udp(o: UdpOptions): Uint8Array {
  const payload = o.payload ?? EMPTY
  return concat(bytes([o.srcPort ?? 40000, 2], [o.dstPort ?? 53, 2], [o.length ?? 8 + payload.length, 2], [0, 2]), payload)
}

function addressBytes(ip: string): Uint8Array {
  const address = parseAddress(ip)
  if (address === undefined) throw new Error(`not an address: ${ip}`)
  const words = address.version === 4 ? address.words.slice(3) : address.words
  return bytes(...words.map((word): [number, number] => [word, 4]))
}

function checksum(header: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < header.length; i += 2) sum += header[i]! << 8 | header[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
