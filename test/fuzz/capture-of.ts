import { CLIENT } from '../../src/model/side.ts'
import { ethernet, ipv4, tcp } from '../frames.ts'
import type { Piece } from './source.ts'

const TCP = 6
const SYN = 0x02
const PSH_ACK = 0x18
const SEGMENT_BYTES = 1400
const LINKTYPE_ETHERNET = 1

/** The pieces of a case as a pcap file, so that it can be looked at: `mtlscope tap -r`. */
export function captureOf(pieces: readonly Piece[], linkType: number | undefined): Uint8Array {
  const frames = linkType === undefined ? framesOf(pieces) : pieces.filter(({ isLost }) => !isLost)
  return Buffer.concat([fileHeader(linkType ?? LINKTYPE_ETHERNET), ...frames.flatMap(({ bytes, atMicros }) => [recordHeader(bytes.length, atMicros), bytes])])
}

function fileHeader(linkType: number): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262_144, 16)
  header.writeUInt32LE(linkType, 20)
  return header
}

function recordHeader(length: number, atMicros: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(atMicros / 1e6), 0)
  header.writeUInt32LE(atMicros % 1e6, 4)
  header.writeUInt32LE(length, 8)
  header.writeUInt32LE(length, 12)
  return header
}

function framesOf(pieces: readonly Piece[]): { bytes: Uint8Array, atMicros: number }[] {
  const sent = [1, 1]
  const frame = (side: number, flags: number, seq: number, payload: Uint8Array): Uint8Array => {
    const [client, server] = [{ ip: '10.0.0.1', port: 40_000 }, { ip: '10.0.0.2', port: 9999 }]
    const [from, to] = side === CLIENT ? [client, server] : [server, client]
    return ethernet({ payload: ipv4({ src: from.ip, dst: to.ip, protocol: TCP, payload: tcp({ srcPort: from.port, dstPort: to.port, seq, ack: sent[1 - side]!, flags, payload }) }) })
  }
  const first = pieces[0]?.atMicros ?? 0
  const frames = [{ bytes: frame(CLIENT, SYN, 0, new Uint8Array(0)), atMicros: first }, { bytes: frame(1, SYN | 0x10, 0, new Uint8Array(0)), atMicros: first }]
  for (const { side, bytes, atMicros, isLost } of pieces) {
    for (let at = 0; at < bytes.length && !isLost; at += SEGMENT_BYTES) frames.push({ bytes: frame(side, PSH_ACK, sent[side]! + at, bytes.subarray(at, at + SEGMENT_BYTES)), atMicros })
    sent[side]! += bytes.length
  }
  return frames
}
