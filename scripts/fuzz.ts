// `npm run fuzz -- --for 10m [--cases N] [--threads N] [--protocol NAME] [--seed N]`: samples and captures, cut, flipped, repeated, swapped, lost and spliced, through every dissector.
// Ends with code 1 at the first case that throws, hangs, keeps too much or says too little; the case is made small and written to a file.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { captureOf } from '../test/fuzz/capture-of.ts'
import type { Case } from '../test/fuzz/mutation.ts'
import { piecesOf } from '../test/fuzz/mutation.ts'
import { readSources } from '../test/fuzz/source.ts'
import type { WorkerMessage, WorkerOptions } from '../test/fuzz/worker.ts'

const POLL_MS = 500
/** A case that takes so long never ends. */
const HANG_MS = 30_000
const CASE_ROOM_BYTES = 64 * 1024
/** Between two messages of a thread, and two looks at the clock. */
const BATCH_CASES = 500
/** Where nobody looks on, a line is said so often. */
const LOG_SECONDS = 60
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

function usage(): never {
  console.error('usage: npm run fuzz -- [--for 10m] [--cases N] [--threads N] [--protocol NAME] [--seed N]; a duration is 30s, 10m or 8h')
  process.exit(2)
}

function countOf(text: string): number {
  return /^[1-9]\d*$/.test(text) ? Number(text) : usage()
}

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (count === undefined) return usage()
  return Number(count) * UNITS[unit!]! * 1000
}

const { values } = parseArgs({
  options: { for: { type: 'string', default: '1m' }, cases: { type: 'string' }, threads: { type: 'string' }, protocol: { type: 'string' }, seed: { type: 'string' } },
})
const forMs = durationMs(values.for)
const seed = values.seed === undefined ? Date.now() & 0x7fffffff : Number(values.seed)
const { protocol } = values
const sources = await readSources(protocol)
if (sources.length === 0) {
  console.error(`no samples or captures of ${protocol}`)
  process.exit(2)
}
const threads = values.threads === undefined ? availableParallelism() : countOf(values.threads)
const batches = values.cases === undefined ? Infinity : Math.ceil(countOf(values.cases) / BATCH_CASES)
const start = Date.now()
let loggedSeconds = 0

/** The case as a capture and as numbers; the folder of both. */
function keep(one: Case): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-fuzz-'))
  writeFileSync(join(folder, 'case.pcap'), captureOf(piecesOf(one, sources), sources[one.source]!.linkType))
  writeFileSync(join(folder, 'case.json'), `${JSON.stringify({ ...one, name: sources[one.source]!.name }, undefined, 1)}\n`)
  return folder
}

function fail(one: Case, message: string, again: string): never {
  console.log(`\nfailed after ${casesDone()} cases, made of ${sources[one.source]!.name}\n${JSON.stringify(one)}\n${message}`)
  console.log(`\nkept in ${keep(one)}; again: npm run fuzz -- ${again}${protocol === undefined ? '' : ` --protocol ${protocol}`}`)
  process.exit(1)
}

/** A worker and what it said last. */
class FuzzThread {
  cases = 0
  heapBytes = 0
  isDone = false
  readonly #shared = new SharedArrayBuffer(8 + CASE_ROOM_BYTES)
  readonly #beat = new Int32Array(this.#shared, 0, 2)
  #lastBeat = -1
  #beatMs = 0

  constructor(number: number) {
    const options: WorkerOptions = { seed, sources, untilMs: start + forMs, shared: this.#shared, first: number, stride: threads, batches, batchCases: BATCH_CASES }
    const worker = new Worker(new URL('../test/fuzz/worker.ts', import.meta.url), { workerData: options })
    worker.on('message', (message: WorkerMessage) => this.#told(message))
    worker.on('error', (error) => {
      console.log(`\nseed ${seed}, after ${casesDone()} cases: ${error.stack ?? error.message}`)
      process.exit(1)
    })
  }

  #told(message: WorkerMessage): void {
    if ('failure' in message) fail(message.failure.one, message.failure.message, `--seed ${message.failure.seed}`)
    if ('done' in message) this.isDone = true
    else ({ cases: this.cases, heapBytes: this.heapBytes } = message)
    progress()
  }

  /** Sees a case that never ends: the thread no longer counts. */
  watch(): void {
    const now = Atomics.load(this.#beat, 0)
    if (now !== this.#lastBeat || this.isDone) [this.#lastBeat, this.#beatMs] = [now, Date.now()]
    else if (Date.now() - this.#beatMs > HANG_MS && now > 0) {
      const text = new TextDecoder().decode(new Uint8Array(this.#shared, 8, Atomics.load(this.#beat, 1)).slice())
      fail(JSON.parse(text) as Case, `it never ends (${HANG_MS / 1000} s)`, `--seed ${seed}`)
    }
  }
}

function casesDone(): number {
  return all.reduce((sum, { cases }) => sum + cases, 0)
}

function progress(): void {
  const cases = casesDone()
  if (all.every(({ isDone }) => isDone)) {
    clearInterval(timer)
    console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${cases} cases, nothing found`)
    return
  }
  const seconds = (Date.now() - start) / 1000
  const heapBytes = Math.max(...all.map((thread) => thread.heapBytes))
  const text = `${cases} cases, ${Math.round(cases / seconds)} a second, heap ${Math.round(heapBytes / 1e6)} MB, ${Math.round(seconds)} of ${forMs / 1000} s`
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
  else if (seconds - loggedSeconds >= LOG_SECONDS) {
    loggedSeconds = seconds
    console.log(text)
  }
}

console.log(`seed ${seed}, ${sources.length} samples and captures`)
const all = Array.from({ length: threads }, (_, number) => new FuzzThread(number))
const timer = setInterval(() => all.forEach((thread) => thread.watch()), POLL_MS)
