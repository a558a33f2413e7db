import type { Micros } from '../model/time.ts'
import type { Step } from './cursor.ts'
import {
  CUT, Cursor, FIRST_LAYER, LAYER_ETHERNET, LAYER_ETHERTYPE, LAYER_FRAGMENT, LAYER_GENEVE, LAYER_GRE, LAYER_IP, LAYER_IPV4,
  LAYER_IPV6, LAYER_IP_PROTOCOL, LAYER_MPLS, LAYER_PPP, LAYER_PPPOE, LAYER_VXLAN,
} from './cursor.ts'
import type { FragmentCounters, FragmentLimits } from './defragment.ts'
import { Defragmenter } from './defragment.ts'
import { stepEtherType, stepEthernet, stepMpls, stepPpp, stepPppoe } from './ethernet.ts'
import { stepIp, stepIpProtocol, stepIpv4, stepIpv6 } from './ip.ts'
import { stepLink } from './link.ts'
import type { PacketKind } from './packet.ts'
import { MALFORMED, OTHER, Packet, UDP, UNKNOWN_LINK } from './packet.ts'
import { stepGeneve, stepGre, stepVxlan } from './tunnels.ts'

/** Headers in one frame: an overlay inside a VLAN with IPv6 extension headers has some ten. Deeper ones are not followed. */
const MAX_LAYERS = 32
/** No frame is longer: Linux merges segments up to 512 KiB. Claims beyond it come from broken files. */
const MAX_FRAME_BYTES = 1024 * 1024

export interface DecodeCounters extends FragmentCounters {
  malformed: number
  unknownLink: number
  /** Packets whose headers were cut off by the snap length: not followed. */
  truncated: number
  /** More layers than are followed. */
  tooDeep: number
}

/** Frames in, their innermost TCP or UDP packet out. Hostile bytes never make it throw; it holds memory for fragments only. */
export class Decoder {
  readonly counters: DecodeCounters = {
    malformed: 0, unknownLink: 0, truncated: 0, tooDeep: 0, fragments: 0, fragmentsExpired: 0, fragmentsConflicting: 0,
  }

  readonly #cursor = new Cursor()
  readonly #defragmenter: Defragmenter
  /** The UDP packet around a tunnel, in case that it is none. */
  readonly #outer = new Packet()

  constructor(limits?: FragmentLimits) {
    this.#defragmenter = new Defragmenter(this.counters, limits)
  }

  /** Datagrams that wait for a part; at the end of a capture they will never be whole. */
  get waitingDatagrams(): number {
    return this.#defragmenter.waiting
  }

  /**
   * Fills `out`, whose fields mean something for TCP and UDP only. The frame is buf[offset, offset + captured).
   *
   * @param wire length on the wire in bytes, more than `captured` where the snap length cut the frame
   * @param linkType a LINKTYPE_ value
   */
  decode(buf: Uint8Array, offset: number, captured: number, wire: number, linkType: number, atMicros: Micros, out: Packet): PacketKind {
    const c = this.#cursor
    c.start(buf, offset, captured, wire > captured ? Math.max(captured, Math.min(wire, MAX_FRAME_BYTES)) : captured)
    return this.#walk(stepLink(c, linkType), atMicros, out)
  }

  #walk(first: Step, atMicros: Micros, out: Packet): PacketKind {
    let step = first
    let inTunnel = false
    for (let layers = 0; step >= FIRST_LAYER; layers++) {
      if (layers === MAX_LAYERS) {
        this.counters.tooDeep++
        return OTHER
      }
      if (step === LAYER_VXLAN || step === LAYER_GENEVE) {
        out.network = this.#cursor.network
        copyPacket(out, this.#outer)
        inTunnel = true
      }
      step = step === LAYER_FRAGMENT ? this.#defragmenter.step(this.#cursor, out, atMicros) : stepLayer(step, this.#cursor, out)
    }
    if (inTunnel && (step === MALFORMED || step === CUT)) {
      copyPacket(this.#outer, out)
      return UDP
    }
    out.network = this.#cursor.network
    return this.#count(step)
  }

  #count(step: Step): PacketKind {
    if (step === MALFORMED) this.counters.malformed++
    else if (step === UNKNOWN_LINK) this.counters.unknownLink++
    else if (step === CUT) {
      this.counters.truncated++
      return OTHER
    }
    return step as PacketKind
  }
}

function stepLayer(step: Step, c: Cursor, out: Packet): Step {
  switch (step) {
    case LAYER_ETHERNET: return stepEthernet(c)
    case LAYER_ETHERTYPE: return stepEtherType(c)
    case LAYER_IPV4: return stepIpv4(c, out)
    case LAYER_IPV6: return stepIpv6(c, out)
    case LAYER_IP: return stepIp(c)
    case LAYER_IP_PROTOCOL: return stepIpProtocol(c, out)
    case LAYER_MPLS: return stepMpls(c)
    case LAYER_PPP: return stepPpp(c)
    case LAYER_PPPOE: return stepPppoe(c)
    case LAYER_GRE: return stepGre(c)
    case LAYER_VXLAN: return stepVxlan(c)
    case LAYER_GENEVE: return stepGeneve(c)
    default: return MALFORMED
  }
}

function copyPacket(from: Packet, to: Packet): void {
  to.buf = from.buf
  to.version = from.version
  to.src0 = from.src0; to.src1 = from.src1; to.src2 = from.src2; to.src3 = from.src3
  to.dst0 = from.dst0; to.dst1 = from.dst1; to.dst2 = from.dst2; to.dst3 = from.dst3
  to.srcPort = from.srcPort
  to.dstPort = from.dstPort
  to.seq = from.seq
  to.ack = from.ack
  to.flags = from.flags
  to.payloadOffset = from.payloadOffset
  to.payloadLength = from.payloadLength
  to.payloadMissing = from.payloadMissing
  to.network = from.network
}
