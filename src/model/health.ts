/** What became of the packets: so that an empty or short list explains itself. Counts since the start. */
export interface Health {
  packets: number
  bytes: number
  /** Lost before we saw them: the ring was full. */
  droppedByKernel: number
  messages: number
  /** Not shown because the reader of the output was too slow, by what was given up first. */
  droppedBodies: number
  droppedMessages: number
  flows: number
  /** Connections whose start was not captured. */
  flowsJoinedLate: number
  /** Closed early because the table of flows was full. */
  flowsEvicted: number
  /** Stream bytes that were sent but never captured, and in how many holes. */
  bytesLost: number
  gaps: number
  /** Segments that contradicted bytes already seen; the first won. */
  overlapConflicts: number
  /** Packets or peer bytes that break their own format. */
  malformedPackets: number
  malformedBytes: number
  /** Link types without a decoder, and fragments whose rest never came. */
  unknownLink: number
  fragmentsExpired: number
  /** Bounds that were hit, by name. */
  limits: Record<string, number>
  namespaces: NamespaceHealth[]
  /** Namespaces or processes that could not be entered, and why. */
  refused: RefusedHealth[]
}

export interface NamespaceHealth {
  name: string
  capture: string
  interfaces: string[]
  packets: number
  droppedByKernel: number
}

export interface RefusedHealth { name: string, why: string }

export function emptyHealth(): Health {
  return {
    packets: 0, bytes: 0, droppedByKernel: 0, messages: 0, droppedBodies: 0, droppedMessages: 0,
    flows: 0, flowsJoinedLate: 0, flowsEvicted: 0, bytesLost: 0, gaps: 0, overlapConflicts: 0,
    malformedPackets: 0, malformedBytes: 0, unknownLink: 0, fragmentsExpired: 0,
    limits: {}, namespaces: [], refused: [],
  }
}

/** Adds the counts of `part` to `total`; lists are appended. */
export function addHealth(total: Health, part: Health): Health {
  for (const key of Object.keys(part) as (keyof Health)[]) {
    const value = part[key]
    if (typeof value === 'number') (total[key] as number) += value
  }
  for (const [name, count] of Object.entries(part.limits)) total.limits[name] = (total.limits[name] ?? 0) + count
  total.namespaces.push(...part.namespaces)
  total.refused.push(...part.refused)
  return total
}
