import type { StoredRow } from '../../store/store.ts'
import type { RequestEnd, RequestEnds } from './request-ends.ts'

/**
 * A row and whose it is: an index of the parts. Of a request between two nodes, each of which has one end of it, the later one is in the order, too: `joinedTo` is the row that stands for it,
 * as that is now that both are known.
 */
export interface PlacedRow { readonly row: StoredRow, readonly at: number, readonly joinedTo?: PlacedRow }

/** @param ends undefined where nothing is known of other ends */
export function placedRow(ends: RequestEnds | undefined, own: RequestEnd, passed: Float64Array, floor: Float64Array): PlacedRow {
  const { at } = own
  if (ends === undefined) return { row: own.row, at }
  const { row, standsAt } = ends.rowOf(own, passed, floor)
  return { row, at, ...(standsAt !== undefined && { joinedTo: { row: ends.standing(standsAt, own), at: standsAt.at } }) }
}
