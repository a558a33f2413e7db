/** As many stores as one hub can tell apart; slot 0 is nobody's. */
export const MAX_SLOTS = 4096

/** A number of one store's, made one that no other store has. Exact up to 2 ** 41 of `own`. */
export function globalId(slot: number, own: number): number {
  return own * MAX_SLOTS + slot
}

export function slotOf(id: number): number {
  return id % MAX_SLOTS
}

export function ownId(id: number): number {
  return Math.floor(id / MAX_SLOTS)
}

/** A slot that is free, the same for the same store as long as nobody else has it; undefined where all are taken. */
export function chooseSlot(store: number, taken: (slot: number) => boolean): number | undefined {
  const first = store % (MAX_SLOTS - 1)
  for (let n = 0; n < MAX_SLOTS - 1; n++) {
    const slot = 1 + (first + n) % (MAX_SLOTS - 1)
    if (!taken(slot)) return slot
  }
  return undefined
}
