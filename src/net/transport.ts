import type { Cursor, Step } from './cursor.ts'
import { LAYER_GENEVE, LAYER_VXLAN, read16, read32 } from './cursor.ts'
import type { Packet } from './packet.ts'
import { MALFORMED, TCP, UDP } from './packet.ts'

const PORT_VXLAN = 4789
/** What Linux and Flannel use for VXLAN unless told otherwise. */
const PORT_VXLAN_LINUX = 8472
const PORT_GENEVE = 6081

const TCP_HEADER_BYTES = 20
const UDP_HEADER_BYTES = 8

/** TCP (RFC 9293 §3.1). Checksums are not verified: the card may have yet to fill them in. */
export function stepTcp(c: Cursor, out: Packet): Step {
  const { buf, at, end, wireEnd } = c
  if (end - at < TCP_HEADER_BYTES) return c.short()
  const payloadAt = at + (buf[at + 12]! >> 4 << 2)
  if (payloadAt - at < TCP_HEADER_BYTES) return MALFORMED
  if (payloadAt > wireEnd) return c.short()
  out.buf = buf
  out.srcPort = read16(buf, at)
  out.dstPort = read16(buf, at + 2)
  out.seq = read32(buf, at + 4)
  out.ack = read32(buf, at + 8)
  out.flags = buf[at + 13]!
  setPayload(out, payloadAt, end, wireEnd)
  return TCP
}

/** UDP (RFC 768). A length of 0 is a jumbo datagram (RFC 2675 §4): it reaches to the end of the packet. */
export function stepUdp(c: Cursor, out: Packet): Step {
  const { buf, at } = c
  if (c.end - at < UDP_HEADER_BYTES) return c.short()
  const length = read16(buf, at + 4)
  if (length !== 0) {
    if (length < UDP_HEADER_BYTES || (length > c.wireEnd - at && !c.isSliced)) return MALFORMED
    c.limit(at + length)
  }
  c.at = at + UDP_HEADER_BYTES
  out.buf = buf
  out.srcPort = read16(buf, at)
  out.dstPort = read16(buf, at + 2)
  out.seq = out.ack = out.flags = 0
  setPayload(out, c.at, c.end, c.wireEnd)
  if (out.dstPort === PORT_VXLAN || out.dstPort === PORT_VXLAN_LINUX) return LAYER_VXLAN
  return out.dstPort === PORT_GENEVE ? LAYER_GENEVE : UDP
}

function setPayload(out: Packet, payloadAt: number, end: number, wireEnd: number): void {
  out.payloadOffset = payloadAt
  out.payloadLength = end > payloadAt ? end - payloadAt : 0
  out.payloadMissing = wireEnd - payloadAt - out.payloadLength
}
