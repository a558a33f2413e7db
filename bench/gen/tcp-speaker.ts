import type { PcapOutput } from './pcap-output.ts'
import type { SeededRandom } from './seeded-random.ts'

export const FIN = 0x01
export const SYN = 0x02
export const PSH = 0x08
export const ACK = 0x10

const ETHERNET_BYTES = 14
const IP_BYTES = 20
const TCP_BYTES = 20
/** MSS 1460, SACK permitted, no-op, window scale 7. */
const SYN_OPTIONS = Uint8Array.of(2, 4, 5, 0xb4, 4, 2, 1, 1, 1, 3, 3, 7)

export interface HostAddress { mac: number, ip: number, port: number }

/** One end of a TCP connection: makes its packets, with right checksums. */
export class TcpSpeaker {
  readonly #self: HostAddress
  #peer: TcpSpeaker | undefined
  #seq: number
  #ipId: number

  constructor(self: HostAddress, random: SeededRandom) {
    this.#self = self
    this.#seq = random.word()
    this.#ipId = random.word() & 0xffff
  }

  /** Both ends need each other's address and sequence number. */
  meet(peer: TcpSpeaker): void {
    this.#peer = peer
    peer.#peer = this
  }

  /** Writes one packet with `payload[from, to)`. */
  say(out: PcapOutput, atMicros: number, flags: number, payload: Uint8Array, from: number, to: number): void {
    const peer = this.#peer as TcpSpeaker
    const options = (flags & SYN) === 0 ? 0 : SYN_OPTIONS.length
    const tcpLength = TCP_BYTES + options + to - from
    const at = out.reserve(ETHERNET_BYTES + IP_BYTES + tcpLength, atMicros)
    const { view, bytes } = out
    writeMac(view, at, peer.#self.mac)
    writeMac(view, at + 6, this.#self.mac)
    view.setUint16(at + 12, 0x0800)
    const ip = at + ETHERNET_BYTES
    this.#writeIp(view, ip, peer.#self.ip, IP_BYTES + tcpLength)
    const tcp = ip + IP_BYTES
    view.setUint16(tcp, this.#self.port)
    view.setUint16(tcp + 2, peer.#self.port)
    view.setUint32(tcp + 4, this.#seq)
    view.setUint32(tcp + 8, (flags & ACK) === 0 ? 0 : peer.#seq)
    view.setUint16(tcp + 12, (TCP_BYTES + options) / 4 << 12 | flags)
    view.setUint16(tcp + 14, 502)
    view.setUint32(tcp + 16, 0)
    if (options > 0) bytes.set(SYN_OPTIONS, tcp + TCP_BYTES)
    if (to > from) bytes.set(payload.subarray(from, to), tcp + TCP_BYTES + options)
    // Pseudo header, RFC 9293 §3.1: addresses, protocol, length.
    const pseudo = sumWords(view, ip + 12, 8) + 6 + tcpLength
    view.setUint16(tcp + 16, checksum(pseudo + sumWords(view, tcp, tcpLength)))
    this.#seq = this.#seq + (to - from) + ((flags & (SYN | FIN)) === 0 ? 0 : 1) >>> 0
  }

  #writeIp(view: DataView, ip: number, destination: number, length: number): void {
    this.#ipId = this.#ipId + 1 & 0xffff
    view.setUint16(ip, 0x4500)
    view.setUint16(ip + 2, length)
    view.setUint16(ip + 4, this.#ipId)
    view.setUint16(ip + 6, 0x4000)
    view.setUint32(ip + 8, 0x40060000)
    view.setUint32(ip + 12, this.#self.ip)
    view.setUint32(ip + 16, destination)
    view.setUint16(ip + 10, checksum(sumWords(view, ip, IP_BYTES)))
  }
}

function writeMac(view: DataView, at: number, host: number): void {
  view.setUint16(at, 0x0242)
  view.setUint32(at + 2, host)
}

/** RFC 1071: 16-bit words added up; an odd last byte counts as its word's upper half. */
function sumWords(view: DataView, offset: number, length: number): number {
  let sum = 0
  const even = offset + (length & ~1)
  for (let at = offset; at < even; at += 2) sum += view.getUint16(at)
  return (length & 1) === 0 ? sum : sum + (view.getUint8(even) << 8)
}

function checksum(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return ~folded & 0xffff
}
