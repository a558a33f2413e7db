import type { Buffer } from 'node:buffer'
import type { RecordSpan } from './kept-frame.ts'
import type { BatchView, Budget } from './record-batch.ts'
import { parseBatches } from './record-batch.ts'

/** The records of one partition, as JSON shows them. */
export interface RecordsView {
  sizeBytes: number
  /** Without those that mark the end of transactions. */
  count: number
  /** Old compressed messages were counted as one each. */
  isAtLeast?: true
  batches?: BatchView[]
  /** Of the bytes only the first were kept. */
  truncated?: true
}

/** `bytes` are the first of `sizeBytes`; with a limit of 0 nothing is decoded. */
export function recordsView(bytes: Buffer, sizeBytes: number, span: RecordSpan | undefined, budget: Budget): RecordsView {
  const isCut = bytes.length < sizeBytes
  const view: RecordsView = { sizeBytes, count: span?.count ?? 0 }
  if (budget.limitBytes > 0) view.batches = parseBatches(bytes, isCut, budget)
  if (span === undefined) view.count = countOf(view.batches ?? [])
  if (span?.isAtLeast === true && !settle(view, isCut)) view.isAtLeast = true
  if (isCut || view.batches?.some((batch) => batch.truncated)) view.truncated = true
  return view
}

function countOf(batches: readonly BatchView[]): number {
  return batches.reduce((sum, batch) => sum + (batch.control === true ? 0 : batch.recordCount ?? batch.records.length), 0)
}

/** Unpacked, old compressed messages can be counted. */
function settle(view: RecordsView, isCut: boolean): boolean {
  if (isCut || view.batches === undefined || view.batches.some((batch) => batch.undecoded !== undefined)) return false
  view.count = countOf(view.batches)
  return true
}
