import type { Cursor, Step } from './cursor.ts'
import { LAYER_ETHERNET, LAYER_ETHERTYPE, LAYER_IPV4, LAYER_IPV6, LAYER_MPLS, LAYER_PPP, LAYER_PPPOE, NETWORK_VLAN, read16 } from './cursor.ts'
import { MALFORMED, OTHER } from './packet.ts'

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_BRIDGED = 0x6558
export const ETHERTYPE_VLAN = 0x8100
export const ETHERTYPE_IPV6 = 0x86dd
export const ETHERTYPE_PPP = 0x880b
export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_UPSTREAM = 0x8848
export const ETHERTYPE_PPPOE_SESSION = 0x8864
export const ETHERTYPE_QINQ = 0x88a8
/** Outer tags of older switches. */
export const ETHERTYPE_QINQ_9100 = 0x9100
export const ETHERTYPE_QINQ_9200 = 0x9200

/** Smaller values are the length of an IEEE 802.3 frame. */
const FIRST_ETHERTYPE = 0x0600
const HEADER_BYTES = 14

export function stepEthernet(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < HEADER_BYTES) return c.short()
  c.type = read16(buf, at + 12)
  c.at = at + HEADER_BYTES
  return LAYER_ETHERTYPE
}

export function stepEtherType(c: Cursor): Step {
  switch (c.type) {
    case ETHERTYPE_IPV4: return LAYER_IPV4
    case ETHERTYPE_IPV6: return LAYER_IPV6
    case ETHERTYPE_VLAN: case ETHERTYPE_QINQ: case ETHERTYPE_QINQ_9100: case ETHERTYPE_QINQ_9200: return stepTag(c)
    case ETHERTYPE_MPLS: case ETHERTYPE_MPLS_UPSTREAM: return LAYER_MPLS
    case ETHERTYPE_PPPOE_SESSION: return LAYER_PPPOE
    case ETHERTYPE_PPP: return LAYER_PPP
    case ETHERTYPE_BRIDGED: return LAYER_ETHERNET
    default: return c.type < FIRST_ETHERTYPE ? stepSnap(c) : OTHER
  }
}

/** A VLAN tag (IEEE 802.1Q): two bytes of control information, then the next EtherType. */
function stepTag(c: Cursor): Step {
  if (c.end - c.at < 4) return c.short()
  const vlan = read16(c.buf, c.at) & 0x0fff
  // 0 is a priority alone.
  if (vlan !== 0) c.enter(NETWORK_VLAN, vlan)
  c.type = read16(c.buf, c.at + 2)
  c.at += 4
  return LAYER_ETHERTYPE
}

/** IEEE 802.3 with LLC; only SNAP with an EtherType (RFC 1042) goes on. */
function stepSnap(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 8) return OTHER
  const isSnap = read16(buf, at) === 0xaaaa && read16(buf, at + 2) === 0x0300 && read16(buf, at + 4) === 0
  if (!isSnap) return OTHER
  c.type = read16(buf, at + 6)
  c.at = at + 8
  return c.type < FIRST_ETHERTYPE ? OTHER : LAYER_ETHERTYPE
}

/** MPLS label stack (RFC 3032 §2.1), then what the first nibble suggests, since the labels do not say. */
export function stepMpls(c: Cursor): Step {
  const { buf } = c
  for (;;) {
    if (c.end - c.at < 4) return c.short()
    const bottom = buf[c.at + 2]! & 1
    c.at += 4
    if (bottom === 1) break
  }
  if (c.at >= c.end) return c.short()
  const nibble = buf[c.at]! >> 4
  if (nibble === 4) return LAYER_IPV4
  if (nibble === 6) return LAYER_IPV6
  return stepPseudowire(c)
}

/** An Ethernet pseudowire with or without its control word (RFC 4448 §4.6), recognised by a known EtherType in the right place. */
function stepPseudowire(c: Cursor): Step {
  if (c.buf[c.at]! >> 4 === 0 && looksLikeEthernet(c, c.at + 4)) {
    c.at += 4
    return LAYER_ETHERNET
  }
  return looksLikeEthernet(c, c.at) ? LAYER_ETHERNET : OTHER
}

function looksLikeEthernet(c: Cursor, at: number): boolean {
  if (c.end - at < HEADER_BYTES) return false
  const type = read16(c.buf, at + 12)
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 || type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ || type === ETHERTYPE_ARP
}

/** PPPoE session (RFC 2516 §4). */
export function stepPppoe(c: Cursor): Step {
  const { buf, at } = c
  if (c.end - at < 6) return c.short()
  if (buf[at] !== 0x11) return MALFORMED
  // any other code is discovery, which carries no packets
  if (buf[at + 1] !== 0) return OTHER
  const length = read16(buf, at + 4)
  if (length > c.wireEnd - at - 6) return MALFORMED
  c.at = at + 6
  c.limit(c.at + length)
  return LAYER_PPP
}

/** PPP (RFC 1661 §2, RFC 1662 §3.1): address and control may be left out, the protocol may be one byte. */
export function stepPpp(c: Cursor): Step {
  const { buf } = c
  if (c.end - c.at >= 2 && buf[c.at] === 0xff && buf[c.at + 1] === 0x03) c.at += 2
  if (c.end - c.at < 2) return c.short()
  const compressed = (buf[c.at]! & 1) === 1
  const protocol = compressed ? buf[c.at]! : read16(buf, c.at)
  c.at += compressed ? 1 : 2
  switch (protocol) {
    case 0x0021: return LAYER_IPV4
    case 0x0057: return LAYER_IPV6
    case 0x0281: case 0x0283: return LAYER_MPLS
    default: return OTHER
  }
}
