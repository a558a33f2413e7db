import type { Cursor, Step } from './cursor.ts'
import { LAYER_FRAGMENT, LAYER_GRE, LAYER_IPV4, LAYER_IPV6, LAYER_IP_PROTOCOL, read16, read32 } from './cursor.ts'
import type { Packet } from './packet.ts'
import { MALFORMED, OTHER } from './packet.ts'
import { stepTcp, stepUdp } from './transport.ts'

const PROTOCOL_HOP_BY_HOP = 0
const PROTOCOL_IPV4 = 4
const PROTOCOL_TCP = 6
const PROTOCOL_UDP = 17
const PROTOCOL_IPV6 = 41
const PROTOCOL_ROUTING = 43
const PROTOCOL_FRAGMENT = 44
const PROTOCOL_GRE = 47
const PROTOCOL_AH = 51
const PROTOCOL_DESTINATION = 60

const IPV6_HEADER_BYTES = 40

/** IPv4 or IPv6 by the first nibble. */
export function stepIp(c: Cursor): Step {
  if (c.at >= c.end) return c.short()
  const version = c.buf[c.at]! >> 4
  return version === 4 ? LAYER_IPV4 : version === 6 ? LAYER_IPV6 : MALFORMED
}

/**
 * IPv4 (RFC 791 §3.1). The header checksum is not verified: what the local machine sends is captured before its card fills it in.
 * A total length of 0 is a segment that the card has yet to cut (TSO): it reaches to the end of the frame.
 */
export function stepIpv4(c: Cursor, out: Packet): Step {
  const { buf, at } = c
  if (c.end - at < 20) return c.short()
  const first = buf[at]!
  const headerBytes = (first & 15) << 2
  if (first >> 4 !== 4 || headerBytes < 20) return MALFORMED
  const total = read16(buf, at + 2)
  if (total !== 0) {
    if (total < headerBytes) return MALFORMED
    c.limit(at + total)
  }
  if (c.end - at < headerBytes) return c.short()
  out.version = 4
  out.src0 = out.src1 = out.src2 = out.dst0 = out.dst1 = out.dst2 = 0
  out.src3 = read32(buf, at + 12)
  out.dst3 = read32(buf, at + 16)
  c.type = buf[at + 9]!
  c.at = at + headerBytes
  const fragment = read16(buf, at + 6) & 0x3fff
  return fragment === 0 ? stepIpProtocol(c, out) : startFragment(c, read16(buf, at + 4), (fragment & 0x1fff) << 3, (fragment & 0x2000) !== 0)
}

/** IPv6 (RFC 8200 §3). A payload length of 0 is a jumbo packet or one that the card has yet to cut: it reaches to the end of the frame. */
export function stepIpv6(c: Cursor, out: Packet): Step {
  const { buf, at } = c
  if (c.end - at < IPV6_HEADER_BYTES) return c.short()
  if (buf[at]! >> 4 !== 6) return MALFORMED
  const length = read16(buf, at + 4)
  c.type = buf[at + 6]!
  if (length !== 0) c.limit(at + IPV6_HEADER_BYTES + length)
  out.version = 6
  out.src0 = read32(buf, at + 8)
  out.src1 = read32(buf, at + 12)
  out.src2 = read32(buf, at + 16)
  out.src3 = read32(buf, at + 20)
  out.dst0 = read32(buf, at + 24)
  out.dst1 = read32(buf, at + 28)
  out.dst2 = read32(buf, at + 32)
  out.dst3 = read32(buf, at + 36)
  c.at = at + IPV6_HEADER_BYTES
  return stepIpProtocol(c, out)
}

/** What an IP header, or an extension header of IPv6, announces as next. */
export function stepIpProtocol(c: Cursor, out: Packet): Step {
  switch (c.type) {
    case PROTOCOL_TCP: return stepTcp(c, out)
    case PROTOCOL_UDP: return stepUdp(c, out)
    case PROTOCOL_HOP_BY_HOP: case PROTOCOL_ROUTING: case PROTOCOL_DESTINATION: return stepExtension(c, 3, 1)
    case PROTOCOL_AH: return stepExtension(c, 2, 2)
    case PROTOCOL_FRAGMENT: return stepFragmentHeader(c)
    case PROTOCOL_IPV4: return LAYER_IPV4
    case PROTOCOL_IPV6: return LAYER_IPV6
    case PROTOCOL_GRE: return LAYER_GRE
    default: return OTHER
  }
}

/** An extension header (RFC 8200 §4): next header, then its length in units of 2^shift bytes beyond the first `extra` units. AH counts in words (RFC 4302 §2.2). */
function stepExtension(c: Cursor, shift: number, extra: number): Step {
  if (c.end - c.at < 8) return c.short()
  const sizeBytes = (c.buf[c.at + 1]! + extra) << shift
  if (c.end - c.at < sizeBytes) return c.short()
  c.type = c.buf[c.at]!
  c.at += sizeBytes
  return LAYER_IP_PROTOCOL
}

/** RFC 8200 §4.5. A fragment that is the whole datagram goes on at once (RFC 6946). */
function stepFragmentHeader(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 8) return c.short()
  c.type = buf[at]!
  const field = read16(buf, at + 2)
  c.at = at + 8
  if ((field & 0xfff9) === 0) return LAYER_IP_PROTOCOL
  return startFragment(c, read32(buf, at + 4), field & 0xfff8, (field & 1) !== 0)
}

function startFragment(c: Cursor, id: number, offset: number, more: boolean): Step {
  c.fragmentId = id
  c.fragmentOffset = offset
  c.fragmentMore = more
  return LAYER_FRAGMENT
}
