// `npm run fuzz -- --for 10m [--protocol NAME] [--seed N]`: samples and captures, cut, flipped, repeated, swapped, lost and spliced, through every dissector.
// Ends with code 1 at the first case that throws, hangs, keeps too much or says too little; the case is made small and written to a file.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { captureOf } from '../test/fuzz/capture-of.ts'
import type { Case } from '../test/fuzz/mutation.ts'
import { piecesOf } from '../test/fuzz/mutation.ts'
import { readSources } from '../test/fuzz/source.ts'
import type { Failure, WorkerMessage, WorkerOptions } from '../test/fuzz/worker.ts'

const POLL_MS = 500
/** A case that takes so long never ends. */
const HANG_MS = 30_000
const CASE_ROOM_BYTES = 64 * 1024
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (count === undefined) {
    console.error('usage: npm run fuzz -- [--for 10m] [--protocol NAME] [--seed N]; a duration is 30s, 10m or 8h')
    process.exit(2)
  }
  return Number(count) * UNITS[unit!]! * 1000
}

const { values } = parseArgs({ options: { for: { type: 'string', default: '1m' }, protocol: { type: 'string' }, seed: { type: 'string' } } })
const forMs = durationMs(values.for)
const seed = values.seed === undefined ? Date.now() & 0x7fffffff : Number(values.seed)
const { protocol } = values
const sources = await readSources(protocol)
if (sources.length === 0) {
  console.error(`no samples or captures of ${protocol}`)
  process.exit(2)
}

const shared = new SharedArrayBuffer(8 + CASE_ROOM_BYTES)
const beat = new Int32Array(shared, 0, 2)
const start = Date.now()
let cases = 0

/** The case as a capture and as numbers; the folder of both. */
function keep(one: Case): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-fuzz-'))
  writeFileSync(join(folder, 'case.pcap'), captureOf(piecesOf(one, sources), sources[one.source]!.linkType))
  writeFileSync(join(folder, 'case.json'), `${JSON.stringify({ ...one, name: sources[one.source]!.name }, undefined, 1)}\n`)
  return folder
}

function fail(one: Case, message: string, again: string): never {
  console.log(`\nfailed after ${cases} cases, made of ${sources[one.source]!.name}\n${JSON.stringify(one)}\n${message}`)
  console.log(`\nkept in ${keep(one)}; again: npm run fuzz -- ${again}${protocol === undefined ? '' : ` --protocol ${protocol}`}`)
  process.exit(1)
}

function failed({ one, message, seed: at }: Failure): never {
  return fail(one, message, `--seed ${at}`)
}

function progress(heapBytes: number): void {
  const seconds = (Date.now() - start) / 1000
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${cases} cases, ${Math.round(cases / seconds)} a second, heap ${Math.round(heapBytes / 1e6)} MB, ${Math.round(seconds)} of ${forMs / 1000} s`)
}

/** Sees a case that never ends: the thread no longer counts. */
function watch(): void {
  let last = -1
  let since = Date.now()
  setInterval(() => {
    const now = Atomics.load(beat, 0)
    if (now !== last) [last, since] = [now, Date.now()]
    else if (Date.now() - since > HANG_MS && last > 0) {
      const text = new TextDecoder().decode(new Uint8Array(shared, 8, Atomics.load(beat, 1)).slice())
      fail(JSON.parse(text) as Case, `it never ends (${HANG_MS / 1000} s)`, `--seed ${seed}`)
    }
  }, POLL_MS).unref()
}

console.log(`seed ${seed}, ${sources.length} samples and captures`)
const options: WorkerOptions = { seed, sources, untilMs: start + forMs, shared }
const worker = new Worker(new URL('../test/fuzz/worker.ts', import.meta.url), { workerData: options })
worker.on('message', (message: WorkerMessage) => {
  if ('failure' in message) failed(message.failure)
  if ('done' in message) {
    cases = message.done
    console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${cases} cases, nothing found`)
  } else {
    ({ cases } = message)
    progress(message.heapBytes)
  }
})
worker.on('error', (error) => {
  console.log(`\nseed ${seed}, after ${cases} cases: ${error.stack ?? error.message}`)
  process.exit(1)
})
watch()
