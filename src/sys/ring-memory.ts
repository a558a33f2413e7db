import { callFailed, errnoName } from './errno.ts'
import type { Address } from './libc.ts'
import { errno, MAP_FAILED, mmap, munmap, setsockopt, viewMemory } from './libc.ts'

const SOL_PACKET = 263
const PACKET_RX_RING = 5
const PROT_READ = 1
const PROT_READ_WRITE = 3
const MAP_SHARED = 0x01
const MAP_FIXED_ANONYMOUS = 0x10 | 0x02 | 0x20 | 0x4000
/** Only has to divide the block: frames of TPACKET_V3 have any length. */
const FRAME = 2048
const MIN_BLOCKS = 2

export interface RingSize { blockSizeBytes: number, blockCount: number, retireMs: number }

export interface RingMemory { address: Address, buffer: ArrayBuffer, size: RingSize }

/**
 * Gives the socket a receive ring and maps it. Where the kernel has not the memory, half as many blocks are tried, and so on.
 * Throws 'system-call' where not even two blocks can be had.
 */
export function mapRing(fd: number, wanted: RingSize): RingMemory {
  const size = { ...wanted }
  while (!requestRing(fd, size)) {
    const name = errnoName(errno())
    if (name !== 'ENOMEM' || size.blockCount <= MIN_BLOCKS) {
      throw callFailed({ doing: 'set up a packet ring', call: 'setsockopt PACKET_RX_RING', errno: name, facts: { ...size } })
    }
    size.blockCount = Math.max(MIN_BLOCKS, size.blockCount >> 1)
  }
  const sizeBytes = size.blockSizeBytes * size.blockCount
  const address = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  if (address === MAP_FAILED) throw callFailed({ doing: 'map a packet ring', call: 'mmap', errno: errnoName(errno()), facts: { sizeBytes } })
  return { address, buffer: viewMemory(address, sizeBytes), size }
}

/** struct tpacket_req3 of linux/if_packet.h. */
function requestRing(fd: number, { blockSizeBytes, blockCount, retireMs }: RingSize): boolean {
  const frames = blockSizeBytes * blockCount / FRAME
  const request = new Uint32Array([blockSizeBytes, blockCount, FRAME, frames, retireMs, 0, 0])
  return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, request, request.byteLength) === 0
}

/** Called when no array over a ring is left, so nothing can touch the addresses any more. */
const unreachable = new FinalizationRegistry<{ address: Address, sizeBytes: number }>(({ address, sizeBytes }) => munmap(address, sizeBytes))

/**
 * Gives the ring's memory back. Its addresses become zeroes without memory of their own, until the last array over
 * them is collected: someone who kept a frame reads zeroes, where unmapped addresses would end the process.
 */
export function unmapRing({ address, buffer, size }: RingMemory): void {
  const sizeBytes = size.blockSizeBytes * size.blockCount
  mmap(address, sizeBytes, PROT_READ, MAP_FIXED_ANONYMOUS, -1, 0)
  unreachable.register(buffer, { address, sizeBytes })
}
