import type { Micros } from '../model/time.ts'
import { listInterfaces } from './interfaces.ts'
import { close } from './libc.ts'
import { bindPacketSocket, ignoreOutgoing, joinFanout, openPacketSocket, readPacketStatistics, usePacketRings } from './packet-socket.ts'
import { pollFds } from './poll.ts'
import type { RingMemory } from './ring-memory.ts'
import { mapRing, unmapRing } from './ring-memory.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_RAW, linkTypeOf, writeCookedHeader } from './ring-frame.ts'
import { attachFilter, DROP_ALL, withLoopbackOnce } from './socket-filter.ts'

const DEFAULT_BLOCK_SIZE = 1024 * 1024
const DEFAULT_BLOCK_COUNT = 64
const DEFAULT_RETIRE_MS = 20

export interface RingOptions {
  /** 0 is every interface of the namespace. */
  ifindex: number
  /** A power of two and a multiple of 4096; frames longer than a block are cut. Default 1 MiB. */
  blockSizeBytes?: number
  /** Default 64. Fewer where the kernel has not the memory; `notes` says so. */
  blockCount?: number
  /** After so long a block that is not full is handed over. Default 20. */
  retireMs?: number
  /** A classic BPF program: struct sock_filter[] in the machine's byte order. */
  filter?: Uint8Array
  /** Share the packets with the other rings of this number in this namespace. */
  fanoutGroup?: number
}

export interface RingStatistics {
  /** Passed the filter, dropped ones included. */
  packets: number
  /** The ring was full. */
  dropped: number
  /** How often the ring became full. */
  freezes: number
}

/** Takes frames: the shape of FrameSink of src/net/frame.ts, which lies above this layer. */
export interface RingSink {
  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: Micros, linkType: number, interfaceId: number): void
  beginBlock?(buf: Uint8Array): void
  endBlock?(): void
}

/*
 * Layout of linux/if_packet.h, as 32-bit words.
 * struct tpacket_block_desc: version, offset to private, then tpacket_hdr_v1: status, packets, offset to first packet, …
 * struct tpacket3_hdr: next, sec, nsec, snaplen, len, status, mac | net << 16, rxhash, vlan tci, vlan tpid, … 48 bytes,
 * then struct sockaddr_ll: family | protocol << 16, ifindex, hatype | pkttype << 16 | halen << 24, address.
 */
const BLOCK_STATUS = 2
const BLOCK_PACKETS = 3
const BLOCK_FIRST = 4
const SEC = 1
const NSEC = 2
const SNAPLEN = 3
const LENGTH = 4
const STATUS = 5
const MAC_NET = 6
const VLAN_TCI = 8
const VLAN_TPID = 9
const PROTOCOL = 12
const IFINDEX = 13
const HARDWARE = 14
const STATUS_KERNEL = 0
const STATUS_USER = 1
const STATUS_VLAN_VALID = 0x10
const STATUS_VLAN_TPID_VALID = 0x40
const ETHER = 1
const LOOPBACK = 772
const OUTGOING_LOOPBACK = 4 << 16 | LOOPBACK
const ETH_P_8021Q = 0x8100
/** Big-endian in the ring. */
const ETH_P_IP_SWAPPED = 0x0008
const ETH_P_IPV6_SWAPPED = 0xdd86

/**
 * The kernel's ring of received frames (TPACKET_V3), read where it lies. Belongs to the thread that opened it.
 * After close() nothing is handed out any more.
 */
export class PacketRing {
  readonly fd: number
  /** For the user: what the kernel refused, and what is done instead. */
  readonly notes: string[] = []
  readonly sizeBytes: number
  /** False: the kernel had no room for the filter (net.core.optmem_max), so every packet arrives. */
  filtered = true
  readonly #memory: RingMemory
  readonly #blockSize: number
  readonly #blockCount: number
  readonly #bytes: Uint8Array
  readonly #words: Uint32Array
  readonly #counters = new Uint32Array(3)
  readonly #statistics: RingStatistics = { packets: 0, dropped: 0, freezes: 0 }
  #block = 0
  #open = true

  constructor(fd: number, memory: RingMemory) {
    this.fd = fd
    this.#memory = memory
    this.#blockSize = memory.size.blockSizeBytes
    this.#blockCount = memory.size.blockCount
    this.sizeBytes = this.#blockSize * this.#blockCount
    this.#bytes = new Uint8Array(memory.buffer)
    this.#words = new Uint32Array(memory.buffer)
  }

  /** Hands every finished block's frames to the sink, at most once round the ring. Never waits. Returns the frames. */
  walk(sink: RingSink): number {
    if (!this.#open) return 0
    let frames = 0
    for (let n = 0; n < this.#blockCount; n++) {
      const base = this.#block * this.#blockSize
      const status = (base >>> 2) + BLOCK_STATUS
      if ((Atomics.load(this.#words, status) & STATUS_USER) === 0) break
      try {
        sink.beginBlock?.(this.#bytes)
        frames += this.#walkBlock(base, sink)
      } finally {
        sink.endBlock?.()
        Atomics.store(this.#words, status, STATUS_KERNEL)
        this.#block = (this.#block + 1) % this.#blockCount
      }
    }
    return frames
  }

  #walkBlock(base: number, sink: RingSink): number {
    const words = this.#words
    const count = words[(base >>> 2) + BLOCK_PACKETS]
    let at = base + words[(base >>> 2) + BLOCK_FIRST]
    let frames = 0
    for (let i = 0; i < count; i++) {
      const w = at >>> 2
      const hardware = words[w + HARDWARE] & 0xffffff
      if (hardware !== OUTGOING_LOOPBACK) {
        const type = hardware & 0xffff
        if ((type !== ETHER && type !== LOOPBACK) || (words[w + STATUS] & STATUS_VLAN_VALID) !== 0) frames += this.#unusual(at, type, sink)
        else {
          frames++
          sink.frame(this.#bytes, at + (words[w + MAC_NET] & 0xffff), words[w + SNAPLEN], words[w + LENGTH],
            words[w + SEC] * 1e6 + (words[w + NSEC] / 1000 | 0), LINKTYPE_ETHERNET, words[w + IFINDEX])
        }
      }
      at += words[w]
    }
    return frames
  }

  /** A frame whose tag the kernel took out, or of a link that is not Ethernet. */
  #unusual(at: number, hardwareType: number, sink: RingSink): number {
    const w = at >>> 2
    const words = this.#words
    const linkType = linkTypeOf(hardwareType)
    const mac = words[w + MAC_NET] & 0xffff
    let start = mac
    if (linkType === LINKTYPE_ETHERNET) start = this.#restoreTag(at, mac)
    else {
      const net = words[w + MAC_NET] >>> 16
      start = linkType === LINKTYPE_LINUX_SLL ? net - writeCookedHeader(this.#bytes, at, net) : net
      const protocol = words[w + PROTOCOL] >>> 16
      if (linkType === LINKTYPE_RAW && protocol !== ETH_P_IP_SWAPPED && protocol !== ETH_P_IPV6_SWAPPED) return 0
    }
    const captured = words[w + SNAPLEN] + mac - start
    if (captured <= 0) return 0
    sink.frame(this.#bytes, at + start, captured, words[w + LENGTH] + mac - start,
      words[w + SEC] * 1e6 + (words[w + NSEC] / 1000 | 0), linkType, words[w + IFINDEX])
    return 1
  }

  /** Puts the tag back behind the two addresses, into the room before the frame. Returns where the frame begins now. */
  #restoreTag(at: number, mac: number): number {
    const w = at >>> 2
    const bytes = this.#bytes
    const status = this.#words[w + STATUS]
    const tci = this.#words[w + VLAN_TCI]
    const tpid = (status & STATUS_VLAN_TPID_VALID) === 0 ? ETH_P_8021Q : this.#words[w + VLAN_TPID] & 0xffff
    const start = at + mac - 4
    bytes.copyWithin(start, start + 4, start + 16)
    bytes[start + 12] = tpid >>> 8
    bytes[start + 13] = tpid
    bytes[start + 14] = tci >>> 8
    bytes[start + 15] = tci
    return mac - 4
  }

  /** Lets no more packets in. */
  quiet(): void {
    if (this.#open) attachFilter(this.fd, DROP_ALL)
  }

  /**
   * Before closing: lets no more packets in, waits until the block in progress is handed over (retireMs at most)
   * and walks it. Returns the frames.
   */
  flush(sink: RingSink): number {
    if (!this.#open) return 0
    this.quiet()
    let frames = this.walk(sink)
    for (let n = 0; n < this.#blockCount; n++) {
      // The count of a block in progress is live. A packet may still be on its way past the filter of before: 1 ms.
      const inProgress = Atomics.load(this.#words, (this.#block * this.#blockSize >>> 2) + BLOCK_PACKETS) > 0
      const ready = pollFds([this.fd], inProgress ? this.#memory.size.retireMs * 2 + 10 : 1)
      frames += this.walk(sink)
      if (ready === 0) break
    }
    return frames
  }

  /** Replaces the filter. False where the kernel has no room for it: the one before stays. */
  setFilter(program: Uint8Array | undefined): boolean {
    if (!this.#open || !attachFilter(this.fd, withLoopbackOnce(program))) return false
    this.filtered = true
    return true
  }

  /** Since the ring was opened. */
  statistics(): RingStatistics {
    // The kernel starts anew at each read.
    if (this.#open && readPacketStatistics(this.fd, this.#counters)) {
      this.#statistics.packets += this.#counters[0]
      this.#statistics.dropped += this.#counters[1]
      this.#statistics.freezes += this.#counters[2]
    }
    return { ...this.#statistics }
  }

  close(): void {
    if (!this.#open) return
    this.statistics()
    this.#open = false
    close(this.fd)
    unmapRing(this.#memory)
  }
}

/** The note of a ring whose filter the kernel refused. */
export const FILTER_REFUSED = 'the kernel has no room for the packet filter (net.core.optmem_max): every packet is filtered in the program'

/**
 * Opens a ring in the calling thread's current network namespace; it stays there. No packet that the filter would keep
 * out gets in. Throws 'not-permitted' (CAP_NET_RAW), 'no-such-interface', 'not-supported'.
 */
export function openRing(options: RingOptions): PacketRing {
  const { ifindex, fanoutGroup } = options
  const fd = openPacketSocket()
  let memory: RingMemory | undefined
  try {
    usePacketRings(fd)
    // In a group a ring sees everything until it has joined, and the others see that too.
    attachFilter(fd, DROP_ALL)
    memory = mapRing(fd, {
      blockSizeBytes: options.blockSizeBytes ?? DEFAULT_BLOCK_SIZE,
      blockCount: options.blockCount ?? DEFAULT_BLOCK_COUNT,
      retireMs: options.retireMs ?? DEFAULT_RETIRE_MS,
    })
    if (listInterfaces().some((i) => i.index === ifindex && i.loopback)) ignoreOutgoing(fd)
    bindPacketSocket(fd, ifindex)
    if (fanoutGroup !== undefined) joinFanout(fd, fanoutGroup)
    const ring = new PacketRing(fd, memory)
    noteShortage(ring, options)
    letIn(ring, options.filter)
    return ring
  } catch (error) {
    close(fd)
    if (memory !== undefined) unmapRing(memory)
    throw error
  }
}

function noteShortage(ring: PacketRing, options: RingOptions): void {
  const wanted = (options.blockSizeBytes ?? DEFAULT_BLOCK_SIZE) * (options.blockCount ?? DEFAULT_BLOCK_COUNT)
  if (ring.sizeBytes < wanted) {
    ring.notes.push(`the packet ring has ${ring.sizeBytes >> 10} KiB instead of ${wanted >> 10}: the kernel has no more memory for it`)
  }
}

function letIn(ring: PacketRing, filter: Uint8Array | undefined): void {
  if (ring.setFilter(filter)) return
  ring.setFilter(undefined)
  ring.filtered = false
  ring.notes.push(FILTER_REFUSED)
}
