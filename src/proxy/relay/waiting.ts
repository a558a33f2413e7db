import { allocateAt, copyAt, freeAt } from '../../sys/memory.ts'
import type { Leg } from './leg.ts'

/** The bytes are copied: `from` is the scratch, or anything else that the caller reuses. Nothing waits at the leg yet. */
export function keepWaiting(leg: Leg, from: number, count: number): void {
  leg.waiting = allocateAt(count)
  leg.waitingOffset = 0
  leg.waitingBytes = count
  leg.waitingCapacity = count
  copyAt(leg.waiting, from, count)
}

/** Behind what waits already. Memory is doubled where it is too little, so that many small pieces do not cost more than one large one. */
export function appendWaiting(leg: Leg, from: number, count: number): void {
  if (leg.waiting === 0) return keepWaiting(leg, from, count)
  const needed = leg.waitingBytes + count
  if (leg.waitingOffset + needed > leg.waitingCapacity) {
    const capacity = Math.max(needed, 2 * leg.waitingBytes)
    const grown = allocateAt(capacity)
    copyAt(grown, leg.waiting + leg.waitingOffset, leg.waitingBytes)
    freeAt(leg.waiting)
    leg.waiting = grown
    leg.waitingOffset = 0
    leg.waitingCapacity = capacity
  }
  copyAt(leg.waiting + leg.waitingOffset + leg.waitingBytes, from, count)
  leg.waitingBytes = needed
}

export function dropWaiting(leg: Leg): void {
  if (leg.waiting !== 0) freeAt(leg.waiting)
  leg.waiting = 0
  leg.waitingBytes = 0
}
