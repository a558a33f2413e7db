import { planBpf } from '../net/bpf.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { NetInterface } from '../sys/interfaces.ts'
import { findInterface, listInterfaces } from '../sys/interfaces.ts'
import type { PacketRing, RingOptions } from '../sys/packet-ring.ts'
import { FILTER_REFUSED, openRing } from '../sys/packet-ring.ts'

/** Where net.core.optmem_max is too small for the whole program, shorter ones are tried: what they let through is filtered in the program. */
const SHORTER_PROGRAMS = [2048, 1024, 512, 256]

export interface AfPacketOptions extends Pick<RingOptions, 'blockSizeBytes' | 'blockCount' | 'retireMs'> {
  /** Names, or `any`. */
  interfaces: readonly string[]
  filter?: PacketFilter
  /** The next ring takes the next number. */
  fanoutGroup?: number
}

export interface AfPacketCapture {
  /** One for each interface asked for. The caller walks and closes them. */
  rings: PacketRing[]
  /** All that the namespace has, for names. */
  interfaces: NetInterface[]
  /** For the user: what the kernel could not do, and what is done instead. */
  notes: string[]
}

/**
 * Opens rings in the calling thread's current network namespace, with as much of the filter in the kernel as fits there;
 * matchesFilter must still be asked. Throws as openRing and findInterface do, with nothing left open.
 */
export function openAfPacket(options: AfPacketOptions): AfPacketCapture {
  const interfaces = listInterfaces()
  const indexes = options.interfaces.map((name) => name === 'any' ? 0 : findInterface(name, interfaces).index)
  const rings: PacketRing[] = []
  const notes: string[] = []
  try {
    for (const ifindex of indexes) rings.push(openFiltered(options, ifindex, rings.length, notes))
  } catch (error) {
    for (const ring of rings) ring.close()
    throw error
  }
  return { rings, interfaces, notes: [...new Set(notes)] }
}

function openFiltered({ filter, fanoutGroup, blockSizeBytes, blockCount, retireMs }: AfPacketOptions, ifindex: number, index: number, notes: string[]): PacketRing {
  const plan = filter === undefined ? undefined : planBpf(filter)
  const ring = openRing({
    ifindex, blockSizeBytes, blockCount, retireMs,
    filter: plan?.program, fanoutGroup: fanoutGroup === undefined ? undefined : fanoutGroup + index & 0xffff,
  })
  notes.push(...ring.notes.filter((note) => note !== FILTER_REFUSED))
  if (filter !== undefined && !ring.filtered) notes.push(attachShorter(ring, filter))
  else if (plan?.note !== undefined) notes.push(plan.note)
  return ring
}

function attachShorter(ring: PacketRing, filter: PacketFilter): string {
  for (const maxInstructions of SHORTER_PROGRAMS) {
    const plan = planBpf(filter, maxInstructions)
    if (ring.setFilter(plan.program)) return `${plan.note ?? 'the packet filter was shortened'} (net.core.optmem_max is small)`
  }
  return FILTER_REFUSED
}
