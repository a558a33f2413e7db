/** The packet ring of one namespace: see RingOptions of src/sys/packet-ring.ts. */
export interface RingPlan { readonly blockSizeBytes: number, readonly blockCount: number, readonly retireMs: number }

const KIB = 1024
const MIB = 1024 * KIB
/** Rings are memory of the kernel that cannot be swapped and is in no cgroup's account. Those of one thread have this together, unless the least that each has is more. */
const ALL_RINGS_BYTES = 256 * MIB
const MOST_BYTES = 64 * MIB
const LEAST_BYTES = MIB
/** So many more get as much as those that are expected: others may come. */
const UNEXPECTED = 3
/** A block has to hold the largest frame; segments that the kernel has put together are 64 KiB. */
const LARGE_BLOCK = MIB
const SMALL_BLOCK = 256 * KIB
const LARGE_RING_BYTES = 16 * MIB
/** The kernel looks after each ring once in this time, for as long as it is there. */
const [FEW, FEW_RETIRE_MS] = [4, 20]
const [SOME, SOME_RETIRE_MS] = [100, 50]
const MANY_RETIRE_MS = 100
/** By then the kernel has handed over what an interface saw, also where that was little. */
export const LATEST_BLOCK_MS = MANY_RETIRE_MS

/** For the next namespace of a thread. `usedBytes`: of the rings that it has; `expected`: how many namespaces there will be, this one and the `open` ones among them. */
export function planRing(usedBytes: number, expected: number, open: number): RingPlan {
  const missing = Math.max(1, expected - open)
  const shareBytes = (ALL_RINGS_BYTES - usedBytes) / (missing + UNEXPECTED)
  const sizeBytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, shareBytes))
  const blockSizeBytes = sizeBytes >= LARGE_RING_BYTES ? LARGE_BLOCK : SMALL_BLOCK
  return { blockSizeBytes, blockCount: Math.floor(sizeBytes / blockSizeBytes), retireMs: retireMsFor(expected) }
}

function retireMsFor(namespaces: number): number {
  if (namespaces <= FEW) return FEW_RETIRE_MS
  return namespaces <= SOME ? SOME_RETIRE_MS : MANY_RETIRE_MS
}
