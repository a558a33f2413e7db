import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import { RecordStore } from './record-store.ts'
import type { StoreCall, StoreReport, StoreSetup } from './store-calls.ts'
import { FilterError } from './store.ts'

/** What came within this time is written together. */
const FLUSH_MS = 100
const FLUSH_BYTES = 1024 * 1024
/** What is too old goes also while nothing comes. */
const KEEP_MS = 10_000

const port = parentPort as MessagePort
const store = new RecordStore({ ...workerData as StoreSetup, now: () => Date.now() })
let waiting: { id: number, lines: Uint8Array }[] = []
let waitingBytes = 0
let timer: NodeJS.Timeout | undefined

function report(message: StoreReport): void {
  port.postMessage(message)
}

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  if (waiting.length === 0) return
  const taken = waiting
  waiting = []
  waitingBytes = 0
  store.add(taken.length === 1 ? taken[0]!.lines : Buffer.concat(taken.map((batch) => batch.lines)))
  report({ kind: 'added', ids: taken.map((batch) => batch.id) })
  report({ kind: 'changed' })
}

async function answer(call: StoreCall & { kind: 'call' }): Promise<void> {
  try {
    // What was handed over before is to be seen.
    flush()
    const method = store[call.method] as (...args: readonly unknown[]) => unknown
    report({ kind: 'answer', id: call.id, value: await method.apply(store, call.args as unknown[]) })
    // What was waited for may be shown now.
    if (call.method === 'join') report({ kind: 'changed' })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    report({ kind: 'failed', id: call.id, message, ...(error instanceof FilterError && { problem: error.problem }) })
  }
}

port.on('message', (call: StoreCall) => {
  if (call.kind === 'call') void answer(call)
  else if (call.kind === 'add') {
    waiting.push(call)
    waitingBytes += call.lines.length
    if (waitingBytes >= FLUSH_BYTES) flush()
    else timer ??= setTimeout(flush, FLUSH_MS)
  } else {
    flush()
    store.close()
    report({ kind: 'closed' })
    port.close()
    clearInterval(keeper)
  }
})

const keeper = setInterval(() => { if (store.makeRoom()) report({ kind: 'changed' }) }, KEEP_MS)
report({ kind: 'opened' })
