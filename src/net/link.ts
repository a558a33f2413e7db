import type { Cursor, Step } from './cursor.ts'
import { LAYER_ETHERNET, LAYER_ETHERTYPE, LAYER_IP, LAYER_IPV4, LAYER_IPV6, LAYER_PPP, LAYER_PPPOE, read16 } from './cursor.ts'
import {
  LINKTYPE_C_HDLC, LINKTYPE_ETHERNET, LINKTYPE_IPV4, LINKTYPE_IPV6, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_LOOP,
  LINKTYPE_NULL, LINKTYPE_PPP, LINKTYPE_PPP_ETHER, LINKTYPE_PPP_HDLC, LINKTYPE_RAW, LINKTYPE_RAW_BSD, LINKTYPE_RAW_OPENBSD,
} from './link-types.ts'
import { OTHER, UNKNOWN_LINK } from './packet.ts'

/** The first step of a frame. */
export function stepLink(c: Cursor, linkType: number): Step {
  switch (linkType) {
    case LINKTYPE_ETHERNET: return LAYER_ETHERNET
    case LINKTYPE_LINUX_SLL: return stepCooked(c, 16, 14)
    case LINKTYPE_LINUX_SLL2: return stepCooked(c, 20, 0)
    case LINKTYPE_RAW: case LINKTYPE_RAW_BSD: case LINKTYPE_RAW_OPENBSD: return LAYER_IP
    case LINKTYPE_IPV4: return LAYER_IPV4
    case LINKTYPE_IPV6: return LAYER_IPV6
    case LINKTYPE_NULL: case LINKTYPE_LOOP: return stepFamily(c)
    case LINKTYPE_PPP: case LINKTYPE_PPP_HDLC: return LAYER_PPP
    case LINKTYPE_PPP_ETHER: return LAYER_PPPOE
    case LINKTYPE_C_HDLC: return stepCooked(c, 4, 2)
    default: return UNKNOWN_LINK
  }
}

/** A header of fixed size with an EtherType in it. */
function stepCooked(c: Cursor, headerBytes: number, typeOffset: number): Step {
  if (c.end - c.at < headerBytes) return c.short()
  c.type = read16(c.buf, c.at + typeOffset)
  c.at += headerBytes
  return LAYER_ETHERTYPE
}

/** LINKTYPE_NULL and LOOP: an address family of four bytes, in the order of the machine that captured. AF_INET6 is 24, 28 or 30 among the BSDs. */
function stepFamily(c: Cursor): Step {
  if (c.end - c.at < 4) return c.short()
  const { buf, at } = c
  const high = read16(buf, at)
  const family = high === 0 ? read16(buf, at + 2) : read16(buf, at + 2) === 0 ? buf[at]! | buf[at + 1]! << 8 : -1
  c.at += 4
  if (family === 2) return LAYER_IPV4
  return family === 24 || family === 28 || family === 30 ? LAYER_IPV6 : OTHER
}
