import { DatabaseSync } from 'node:sqlite'
import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import { RecordReader } from './record-reader.ts'
import { Scan } from './scan.ts'
import type { ScanReport, ScanTask } from './scan-pool.ts'

/** Searches whose statements are kept. */
const MAX_SCANS = 12

const port = parentPort as MessagePort
const db = new DatabaseSync((workerData as { path: string }).path, { readOnly: true })
const reader = new RecordReader(db)
const scans = new Map<number, Scan>()

function scanOf({ key, selection, nowMicros }: ScanTask): Scan {
  const known = scans.get(key)
  if (known !== undefined) return known
  const made = new Scan(db, reader, selection, nowMicros)
  if (scans.size >= MAX_SCANS) scans.delete(scans.keys().next().value!)
  scans.set(key, made)
  return made
}

/** Newest first. */
function idsOf(task: ScanTask): Float64Array {
  const scan = scanOf(task)
  const found: number[] = []
  for (let at = task.below; at > task.from;) at = scan.look(task.from, at, found)
  return Float64Array.from(found)
}

port.on('message', (task: ScanTask) => {
  let found: Float64Array | undefined
  try {
    found = idsOf(task)
  } catch {
    // The database is busy or broken: whoever asked looks there itself, and says what is wrong.
  }
  port.postMessage({ kind: 'found', id: task.id, found } satisfies ScanReport)
})
port.postMessage({ kind: 'ready' } satisfies ScanReport)
