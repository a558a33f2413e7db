import assert from 'node:assert/strict'
import test from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import fc from '#property'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER, sideName } from '../model/side.ts'
import type { Dissector, Protocol, Settings, Sink } from './protocol.ts'
import { DEFAULT_SETTINGS, isInPlace } from './protocol.ts'

/** Bytes that one side sent, in one piece, at one moment. */
export interface Step { readonly side: Side, readonly bytes: Uint8Array, readonly at: number }

/** A whole connection, from its first byte. */
export interface Sample { readonly name: string, readonly steps: readonly Step[] }

/** A peer that never stops: `prefix`, then `block` from `side` again and again. */
export interface Endless {
  readonly name: string
  readonly prefix: readonly Step[]
  readonly side: Side
  readonly block: Uint8Array
  /** How much of it to feed; default 8 MiB, which must be well above what may be retained. */
  readonly sizeBytes?: number
}

export interface ContractOptions {
  readonly settings?: Settings
  readonly endless?: readonly Endless[]
  /** What one connection may keep, whatever its peers send. */
  readonly retainedLimitBytes?: number
  /** A connection that ends within this many bytes may go unmentioned. */
  readonly silentBytes?: number
}

/** What a dissector said, as plain values. */
export interface Said {
  readonly messages: Record<string, unknown>[]
  readonly malformed: string[]
  switchedTo: string | undefined
  switched: boolean
  disowned: boolean
  /** Bytes of each side that came after a switch: the rests and all that followed. */
  readonly handedOver: [Buffer[], Buffer[]]
}

/** `npm run check` asks for this: fewer positions, cuts and flips, the same promises. Everywhere else, `npm test` and a single file, all are tried. */
const QUICK = process.env.MTLSCOPE_CONTRACT === 'quick'
/** Most positions of a sample that the costly tests try; longer samples are tried at evenly spread ones. */
const POSITIONS = QUICK ? 40 : 250
/** A test of positions feeds the sample up to there once for each: of a long sample fewer are tried, so that it costs no more than this. */
const FED_BYTES = QUICK ? 256 * 1024 : 2 * 1024 * 1024
const MIN_POSITIONS = 24
const CUT_RUNS = QUICK ? 8 : 40
const JUNK_RUNS = QUICK ? 40 : 150
const ENDLESS_BYTES = 8 * 1024 * 1024
/** Of an endless peer, where only what the dissector says of its own memory is looked at. */
const QUICK_ENDLESS_BYTES = 512 * 1024
const FEED_BYTES = 64 * 1024

export function text(side: Side, bytes: string, at: number): Step {
  return { side, bytes: Buffer.from(bytes, 'latin1'), at }
}

/** Every field of a message, getters included. */
export function plainMessage(m: Message): Record<string, unknown> {
  return JSON.parse(JSON.stringify({
    protocol: m.protocol, atMicros: m.atMicros, elapsedMicros: m.elapsedMicros, what: m.what, status: m.status, outcome: m.outcome,
    complete: m.complete, notes: m.notes, request: m.request, response: m.response,
  })) as Record<string, unknown>
}

/** Feeds a dissector as the program does: bytes are borrowed, so they are scrubbed after each call. */
export class Listener {
  readonly said: Said = { messages: [], malformed: [], switchedTo: undefined, switched: false, disowned: false, handedOver: [[], []] }
  readonly #dissector: Dissector
  #chunks = 0

  constructor(protocol: Protocol, settings: Settings = DEFAULT_SETTINGS) {
    const { said } = this
    const sink: Sink = {
      message: (m) => { said.messages.push(plainMessage(m)) },
      malformed: (side, what, offset) => { said.malformed.push(`${sideName(side)} ${what} at ${offset}`) },
      switchTo: (name, clientRest, serverRest) => {
        said.switched = true
        said.switchedTo = name
        said.handedOver[CLIENT].push(Buffer.from(clientRest))
        said.handedOver[SERVER].push(Buffer.from(serverRest))
      },
      disown: () => { said.disowned = true },
    }
    this.#dissector = protocol.open(sink, settings)
  }

  get #over(): boolean {
    return this.said.switched || this.said.disowned
  }

  data(side: Side, bytes: Uint8Array, at: number): void {
    if (this.said.switched) this.said.handedOver[side].push(Buffer.from(bytes))
    if (this.#over || bytes.length === 0) return
    // In the middle of a larger buffer, as captured chunks are.
    const room = new Uint8Array(bytes.length + 16).fill(0x58)
    room.set(bytes, 8)
    const dissector = this.#dissector
    // Whoever takes bytes in place takes them both ways.
    if (isInPlace(dissector) && ++this.#chunks % 2 === 1) dissector.dataIn(side, room, 8, 8 + bytes.length, at)
    else dissector.data(side, room.subarray(8, 8 + bytes.length), at)
    room.fill(0x58)
  }

  gap(side: Side, bytes: number, at: number): void {
    if (!this.#over) this.#dissector.gap(side, bytes, at)
  }

  end(at: number): Said {
    for (const side of [CLIENT, SERVER] as const) if (!this.#over) this.#dissector.end(side, at)
    return this.said
  }
}

export function listen(protocol: Protocol, steps: readonly Step[], settings?: Settings): Said {
  const listener = new Listener(protocol, settings)
  for (const { side, bytes, at } of steps) listener.data(side, bytes, at)
  return listener.end(steps.at(-1)?.at ?? 0)
}

/** The same bytes in the same order, each step cut where `cuts` says (sizes, used in turn). */
export function cutSteps(steps: readonly Step[], cuts: readonly number[]): Step[] {
  let turn = 0
  return steps.flatMap(({ side, bytes, at }) => {
    const pieces: Step[] = []
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + cuts[turn++ % cuts.length]!)
      pieces.push({ side, bytes: bytes.subarray(from, to), at })
      from = to
    }
    return pieces
  })
}

function comparable(said: Said): object {
  const { handedOver, ...rest } = said
  return { ...rest, handedOver: handedOver.map((pieces) => Buffer.concat(pieces).toString('latin1')) }
}

function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + step.bytes.length, 0)
}

/** Offsets into all the bytes of a sample. `runs`: how often the sample is fed for each of them. */
function positions(sizeBytes: number, runs: number): number[] {
  const most = Math.max(MIN_POSITIONS, Math.min(POSITIONS, Math.floor(FED_BYTES / (sizeBytes * runs))))
  const stride = Math.max(1, Math.floor(sizeBytes / most))
  return Array.from({ length: Math.ceil(sizeBytes / stride) }, (_, i) => i * stride)
}

/** The step that holds byte `offset` of a sample, and where in it. */
function locate(steps: readonly Step[], offset: number): { index: number, within: number } {
  let index = 0
  let within = offset
  while (within >= steps[index]!.bytes.length) within -= steps[index++]!.bytes.length
  return { index, within }
}

function notesOf(said: Said): string[] {
  return said.messages.flatMap((m) => m['notes'] as string[])
}

/** Something tells the reader that not all is well which did not in the whole run. */
function reported(said: Said, whole?: Said): boolean {
  if (said.malformed.length > 0 || said.disowned || said.messages.some((m) => m['complete'] === false)) return true
  return whole !== undefined && notesOf(said).some((note) => !notesOf(whole).includes(note))
}

/** An incomplete message must say why. */
function assertExplained(said: Said): void {
  for (const m of said.messages) {
    if (m['complete'] === false) assert.ok((m['notes'] as string[]).length > 0, `incomplete without a note: ${JSON.stringify(m)}`)
  }
}

/**
 * What every protocol promises, as tests: the same messages for every cut, gaps, junk and early ends survived and reported, bounded memory.
 * `samples` are whole connections; the more kinds of message they hold, the more the suite proves.
 */
export function contract(protocol: Protocol, samples: readonly Sample[], options: ContractOptions = {}): void {
  const settings = options.settings ?? DEFAULT_SETTINGS
  for (const { name, steps } of samples) {
    const title = `${protocol.name}: ${name}: `
    test(`${title}the first bytes are recognised`, () => assertRecognised(protocol, steps))
    test(`${title}every cut of the bytes gives the same messages`, () => assertCutsAlike(protocol, steps, settings))
    test(`${title}a gap at any offset leaves what was before it, and is reported`, () => assertGaps(protocol, steps, settings))
    test(`${title}an end at any offset shows what is half-built`, () => assertEnds(protocol, steps, settings, options.silentBytes ?? 0))
    test(`${title}flipped bits never throw`, () => assertFlips(protocol, steps, settings))
  }
  test(`${protocol.name}: junk never throws`, () => assertJunk(protocol, settings))
  for (const endless of options.endless ?? []) {
    test(`${protocol.name}: ${endless.name} keeps memory bounded`, () => {
      const assertMemory = QUICK ? assertHeld : assertBounded
      assertMemory(protocol, endless, settings, options.retainedLimitBytes ?? 1024 * 1024)
    })
  }
}

function assertRecognised(protocol: Protocol, steps: readonly Step[]): void {
  const first = steps[0]!
  const none = new Uint8Array(0)
  const probe = (bytes: Uint8Array) => first.side === CLIENT ? protocol.probe(bytes, none) : protocol.probe(none, bytes)
  assert.equal(probe(first.bytes), 'yes')
  let settled = false
  for (let size = 1; size <= first.bytes.length; size++) {
    const verdict = probe(first.bytes.subarray(0, size))
    assert.notEqual(verdict, 'no', `refused with ${size} bytes`)
    assert.ok(!settled || verdict === 'yes', `changed its mind at ${size} bytes`)
    settled ||= verdict === 'yes'
  }
}

function assertCutsAlike(protocol: Protocol, steps: readonly Step[], settings: Settings): void {
  const whole = comparable(listen(protocol, steps, settings))
  assert.deepEqual(comparable(listen(protocol, cutSteps(steps, [1]), settings)), whole)
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 40 }), (cuts) => {
    assert.deepEqual(comparable(listen(protocol, cutSteps(steps, cuts), settings)), whole)
  }), { numRuns: CUT_RUNS })
}

function assertGaps(protocol: Protocol, steps: readonly Step[], settings: Settings): void {
  const whole = listen(protocol, steps, settings)
  for (const offset of positions(sizeOf(steps), 3)) {
    const { index, within } = locate(steps, offset)
    const left = steps[index]!.bytes.length - within
    for (const lost of new Set([1, Math.min(left, 100), left])) assertGap(protocol, steps, settings, whole, index, within, lost)
  }
}

function assertGap(protocol: Protocol, steps: readonly Step[], settings: Settings, whole: Said, index: number, within: number, lost: number): void {
  const listener = new Listener(protocol, settings)
  const { side, bytes, at } = steps[index]!
  for (const step of steps.slice(0, index)) listener.data(step.side, step.bytes, step.at)
  listener.data(side, bytes.subarray(0, within), at)
  const before = listener.said.messages.length
  const where = `${lost} bytes lost at ${within} of step ${index}`
  assert.deepEqual(listener.said.messages, whole.messages.slice(0, before), `${where}: messages before it`)
  const over = listener.said.switched
  listener.gap(side, lost, at)
  listener.data(side, bytes.subarray(within + lost), at)
  for (const step of steps.slice(index + 1)) listener.data(step.side, step.bytes, step.at)
  const said = listener.end(steps.at(-1)!.at)
  assertExplained(said)
  if (!over && JSON.stringify(said.messages) !== JSON.stringify(whole.messages)) assert.ok(reported(said, whole), `${where}: not reported`)
}

function assertEnds(protocol: Protocol, steps: readonly Step[], settings: Settings, silentBytes: number): void {
  for (const offset of positions(sizeOf(steps), 1)) {
    if (offset === 0) continue
    const { index, within } = locate(steps, offset)
    const kept = [...steps.slice(0, index), { ...steps[index]!, bytes: steps[index]!.bytes.subarray(0, within) }]
    const said = listen(protocol, kept, settings)
    assertExplained(said)
    if (offset > silentBytes) assert.ok(said.messages.length > 0 || reported(said), `nothing said after ${offset} bytes`)
  }
}

function assertFlips(protocol: Protocol, steps: readonly Step[], settings: Settings): void {
  const size = sizeOf(steps)
  const flip = fc.record({ offset: fc.nat(size - 1), bit: fc.nat(7) })
  fc.assert(fc.property(fc.array(flip, { minLength: 1, maxLength: 8 }), (flips) => {
    const copy = steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes) }))
    for (const { offset, bit } of flips) {
      const { index, within } = locate(copy, offset)
      copy[index]!.bytes[within]! ^= 1 << bit
    }
    assertExplained(listen(protocol, copy, settings))
  }), { numRuns: JUNK_RUNS })
}

function assertJunk(protocol: Protocol, settings: Settings): void {
  const step = fc.record({ side: fc.constantFrom(CLIENT, SERVER), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }), at: fc.nat(1e6) })
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    assertExplained(listen(protocol, steps, settings))
    for (const { bytes } of steps) {
      protocol.probe(bytes, new Uint8Array(0))
      protocol.probe(new Uint8Array(0), bytes)
    }
  }), { numRuns: JUNK_RUNS })
}

function collect(): void {
  v8.setFlagsFromString('--expose-gc')
  const gc = vm.runInNewContext('gc') as () => void
  gc()
  gc()
}

function usedBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const IGNORE: Sink = { message() {}, malformed() {}, switchTo() {}, disown() {} }

/** Feeds the prefix once, then the block again and again. Returns what feeds more. */
function openEndless(protocol: Protocol, endless: Endless, settings: Settings): { dissector: Dissector, feed: (sizeBytes: number) => void } {
  const block = Buffer.concat(Array.from({ length: Math.ceil(FEED_BYTES / endless.block.length) }, () => endless.block))
  const dissector = protocol.open(IGNORE, settings)
  for (const { side, bytes, at } of endless.prefix) dissector.data(side, bytes, at)
  const feed = (sizeBytes: number): void => {
    for (let fed = 0; fed < sizeBytes; fed += block.length) dissector.data(endless.side, block, 1_000_000 + fed)
  }
  return { dissector, feed }
}

function endBoth(dissector: Dissector): void {
  dissector.end(CLIENT, 2_000_000)
  dissector.end(SERVER, 2_000_000)
}

/** The quick form: what it says that it holds, not what the heap says. */
function assertHeld(protocol: Protocol, endless: Endless, settings: Settings, limitBytes: number): void {
  const { dissector, feed } = openEndless(protocol, endless, settings)
  feed(QUICK_ENDLESS_BYTES)
  const { heldBytes = 0 } = dissector
  assert.ok(heldBytes < limitBytes, `holds ${heldBytes} bytes, the limit is ${limitBytes}`)
  endBoth(dissector)
}

function assertBounded(protocol: Protocol, endless: Endless, settings: Settings, limitBytes: number): void {
  // Once without counting: what the engine itself keeps after its first run (compiled code, caches) is not the dissector's.
  openEndless(protocol, endless, settings).feed(ENDLESS_BYTES / 8)
  const { dissector, feed } = openEndless(protocol, endless, settings)
  const before = usedBytes()
  feed(endless.sizeBytes ?? ENDLESS_BYTES)
  const grown = usedBytes() - before
  assert.ok(grown < limitBytes, `grew by ${grown} bytes, the limit is ${limitBytes}`)
  endBoth(dissector)
}
