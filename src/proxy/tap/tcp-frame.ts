import type { SocketAddress } from '../relay/socket-address.ts'
import { addressBytes } from '../relay/socket-address.ts'

export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16

const IPV4_BYTES = 20
const IPV6_BYTES = 40
const TCP_BYTES = 20
const TCP = 6
const HOPS = 64
const WINDOW = 65_535

export interface Segment { readonly seq: number, readonly ack: number, readonly flags: number, readonly payload: Uint8Array }

/** An IP packet (LINKTYPE_RAW) with one TCP segment, both checksums right. The payload must fit into it: 65 495 bytes. */
export function tcpFrame(from: SocketAddress, to: SocketAddress, { seq, ack, flags, payload }: Segment): Uint8Array {
  const six = from.version === 6 || to.version === 6
  const ipBytes = six ? IPV6_BYTES : IPV4_BYTES
  const frame = new Uint8Array(ipBytes + TCP_BYTES + payload.length)
  const view = new DataView(frame.buffer)
  const addresses = [...addressOf(from, six), ...addressOf(to, six)]
  if (six) writeIpv6(view, frame, addresses)
  else writeIpv4(view, frame, addresses)
  view.setUint16(ipBytes, from.port)
  view.setUint16(ipBytes + 2, to.port)
  view.setUint32(ipBytes + 4, seq)
  view.setUint32(ipBytes + 8, ack)
  view.setUint16(ipBytes + 12, (TCP_BYTES / 4) << 12 | flags)
  view.setUint16(ipBytes + 14, WINDOW)
  frame.set(payload, ipBytes + TCP_BYTES)
  // RFC 9293 §3.1: the pseudo header has the addresses, the protocol and the length.
  const pseudo = sumOf(Uint8Array.from(addresses), 0) + TCP + TCP_BYTES + payload.length
  view.setUint16(ipBytes + 16, checksum(sumOf(frame.subarray(ipBytes), pseudo)))
  return frame
}

/** RFC 791 §3.1 */
function writeIpv4(view: DataView, frame: Uint8Array, addresses: readonly number[]): void {
  view.setUint16(0, 0x4500)
  view.setUint16(2, frame.length)
  view.setUint16(6, 0x4000)
  view.setUint16(8, HOPS << 8 | TCP)
  frame.set(addresses, 12)
  view.setUint16(10, checksum(sumOf(frame.subarray(0, IPV4_BYTES), 0)))
}

/** RFC 8200 §3 */
function writeIpv6(view: DataView, frame: Uint8Array, addresses: readonly number[]): void {
  view.setUint32(0, 0x6000_0000)
  view.setUint16(4, frame.length - IPV6_BYTES)
  view.setUint16(6, TCP << 8 | HOPS)
  frame.set(addresses, 8)
}

/** A packet has addresses of one family: beside one of IPv6 one of IPv4 is mapped (RFC 4291 §2.5.5.2). */
function addressOf(address: SocketAddress, six: boolean): number[] {
  const bytes = addressBytes(address)
  return six && bytes.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes] : bytes
}

/** RFC 1071 §1; no more than 64 KiB, so that it cannot overflow. */
function sumOf(bytes: Uint8Array, start: number): number {
  let sum = start
  const even = bytes.length & ~1
  for (let at = 0; at < even; at += 2) sum += bytes[at]! << 8 | bytes[at + 1]!
  return even === bytes.length ? sum : sum + (bytes[even]! << 8)
}

function checksum(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000)
  return ~folded & 0xffff
}
