// Runs cases until it is stopped, in a thread of its own so that a case that never ends can be seen from outside.
import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import type { Case } from './mutation.ts'
import { cases } from './mutation.ts'
import type { Source } from './source.ts'
import { runCase } from './trial.ts'

/** A thread takes each `stride`th batch of `batchCases` from `first` on, and none from `batches` on. */
export interface WorkerOptions {
  readonly seed: number, readonly sources: readonly Source[], readonly untilMs: number, readonly shared: SharedArrayBuffer
  readonly first: number, readonly stride: number, readonly batches: number, readonly batchCases: number
}
export interface Failure { readonly one: Case, readonly message: string, readonly seed: number, readonly path: string }
export type WorkerMessage = { readonly cases: number, readonly heapBytes: number } | { readonly failure: Failure } | { readonly done: number }

/** All that lives after a batch; much more than one case needs. */
const MAX_HEAP_BYTES = 1024 * 1024 * 1024

const { seed, sources, untilMs, shared, first, stride, batches, batchCases } = workerData as WorkerOptions
const beat = new Int32Array(shared, 0, 2)
const room = new Uint8Array(shared, 8)
const encoder = new TextEncoder()

function say(message: WorkerMessage): void {
  parentPort!.postMessage(message)
}

const property = fc.property(cases(sources.length), (one) => {
  Atomics.store(beat, 1, encoder.encodeInto(JSON.stringify(one), room).written)
  Atomics.add(beat, 0, 1)
  runCase(one, sources)
})

/** False where a case failed. */
function runBatch(batch: number): boolean {
  const result = fc.check(property, { seed: seed + batch, numRuns: batchCases })
  if (!result.failed) return true
  const [one] = result.counterexample!
  const { errorInstance } = result
  const message = errorInstance instanceof Error ? errorInstance.stack ?? errorInstance.message : String(errorInstance)
  say({ failure: { one, message, seed: seed + batch, path: result.counterexamplePath ?? '' } })
  return false
}

let done = 0
for (let batch = first; batch < batches && Date.now() < untilMs && runBatch(batch); batch += stride) {
  const heapBytes = process.memoryUsage().heapUsed
  done += batchCases
  say({ cases: done, heapBytes })
  if (heapBytes > MAX_HEAP_BYTES) throw new Error(`the heap grew to ${heapBytes} bytes`)
}
say({ done })
