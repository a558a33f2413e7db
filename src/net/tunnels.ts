import type { Cursor, Step } from './cursor.ts'
import { LAYER_ETHERNET, LAYER_ETHERTYPE, LAYER_IPV4, LAYER_IPV6, NETWORK_GENEVE, NETWORK_GRE, NETWORK_VXLAN, read16, read32 } from './cursor.ts'
import { ETHERTYPE_BRIDGED, ETHERTYPE_PPP } from './ethernet.ts'
import { MALFORMED, OTHER } from './packet.ts'

const ERSPAN_2 = 0x88be
const ERSPAN_3 = 0x22eb

const GRE_CHECKSUM = 0x8000
const GRE_ROUTING = 0x4000
const GRE_KEY = 0x2000
const GRE_SEQUENCE = 0x1000
const GRE_ACKNOWLEDGEMENT = 0x0080
const GRE_VERSION = 0x0007

/** GRE (RFC 2784 §2, RFC 2890 §2) and its enhanced form that carries PPP (RFC 2637 §4.1). */
export function stepGre(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 4) return c.short()
  const flags = read16(buf, at)
  c.type = read16(buf, at + 2)
  // source routes (RFC 1701) are given up by RFC 2784
  if ((flags & GRE_ROUTING) !== 0) return OTHER
  const isEnhanced = (flags & GRE_VERSION) === 1
  if (!isEnhanced && (flags & GRE_VERSION) !== 0) return OTHER
  const headerBytes = greHeaderBytes(flags, isEnhanced)
  if (c.end - at < headerBytes) return c.short()
  c.at = at + headerBytes
  if ((flags & GRE_KEY) !== 0 && !isEnhanced) c.enter(NETWORK_GRE, read32(buf, at + ((flags & GRE_CHECKSUM) !== 0 ? 8 : 4)))
  if (isEnhanced) return stepEnhancedGre(c, read16(buf, at + 4))
  if (c.type === ERSPAN_2) return stepErspan2(c, (flags & GRE_SEQUENCE) !== 0)
  return c.type === ERSPAN_3 ? stepErspan3(c) : LAYER_ETHERTYPE
}

function greHeaderBytes(flags: number, isEnhanced: boolean): number {
  let bytes = 4
  if ((flags & GRE_CHECKSUM) !== 0) bytes += 4
  if ((flags & GRE_KEY) !== 0) bytes += 4
  if ((flags & GRE_SEQUENCE) !== 0) bytes += 4
  if (isEnhanced && (flags & GRE_ACKNOWLEDGEMENT) !== 0) bytes += 4
  return bytes
}

function stepEnhancedGre(c: Cursor, payloadBytes: number): Step {
  // a bare acknowledgement
  if (payloadBytes === 0 || c.type !== ETHERTYPE_PPP) return OTHER
  if (payloadBytes > c.wireEnd - c.at) return MALFORMED
  c.limit(c.at + payloadBytes)
  return LAYER_ETHERTYPE
}

/** Type I has neither sequence number nor header, type II has both (draft-foschiano-erspan-03 §4). */
function stepErspan2(c: Cursor, hasHeader: boolean): Step {
  if (!hasHeader) return LAYER_ETHERNET
  if (c.end - c.at < 8) return c.short()
  c.at += 8
  return LAYER_ETHERNET
}

/** Twelve bytes, and eight more where the lowest bit of the last says so (draft-foschiano-erspan-03 §4.3). */
function stepErspan3(c: Cursor): Step {
  if (c.end - c.at < 12) return c.short()
  const headerBytes = (c.buf[c.at + 11]! & 1) === 1 ? 20 : 12
  if (c.end - c.at < headerBytes) return c.short()
  c.at += headerBytes
  return LAYER_ETHERNET
}

/**
 * VXLAN (RFC 7348 §5): the I flag must be set. With the P flag (draft-ietf-nvo3-vxlan-gpe §3.2) the fourth byte says what follows.
 * MALFORMED means: no VXLAN, whatever the port says.
 */
export function stepVxlan(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 8) return c.short()
  if ((buf[at]! & 0x08) === 0 || buf[at + 7] !== 0) return MALFORMED
  c.at = at + 8
  c.enter(NETWORK_VXLAN, read32(buf, at + 4) >>> 8)
  if ((buf[at]! & 0x04) === 0) return LAYER_ETHERNET
  return stepNextProtocol(c, buf[at + 3]!)
}

const NEXT_NSH = 4

/** The numbers that VXLAN-GPE and NSH share. */
function stepNextProtocol(c: Cursor, protocol: number): Step {
  switch (protocol) {
    case 1: return LAYER_IPV4
    case 2: return LAYER_IPV6
    case 3: return LAYER_ETHERNET
    case NEXT_NSH: return stepNsh(c)
    default: return OTHER
  }
}

/** Network service header (RFC 8300 §2.2): its length in words is the low six bits of the first two bytes. */
function stepNsh(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 8) return c.short()
  const headerBytes = (read16(buf, at) & 0x3f) << 2
  if (headerBytes < 8) return MALFORMED
  if (c.end - at < headerBytes) return c.short()
  const protocol = buf[at + 3]!
  c.at = at + headerBytes
  return protocol === NEXT_NSH ? OTHER : stepNextProtocol(c, protocol)
}

/** GENEVE (RFC 8926 §3.4), options skipped. MALFORMED means: no GENEVE, whatever the port says. */
export function stepGeneve(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 8) return c.short()
  const first = buf[at]!
  if (first >> 6 !== 0 || buf[at + 7] !== 0) return MALFORMED
  const headerBytes = 8 + ((first & 0x3f) << 2)
  if (c.end - at < headerBytes) return c.short()
  c.type = read16(buf, at + 2)
  c.at = at + headerBytes
  c.enter(NETWORK_GENEVE, read32(buf, at + 4) >>> 8)
  return c.type === ETHERTYPE_BRIDGED ? LAYER_ETHERNET : LAYER_ETHERTYPE
}
