import { BatchCounter } from './batch-counter.ts'
import type { KeptFrame, RecordSpan } from './kept-frame.ts'
import type { Step } from './steps.ts'
import { ARRAY, FIXED, FIXED_ARRAY, MAYBE, RECORD_FIELD, TAGS } from './steps.ts'

/** Structures within structures; those of the schemas have at most 5. */
const MAX_DEPTH = 24
const NO_STEPS: readonly Step[] = []
const NO_BYTES = new Uint8Array(0)

/**
 * Walks over the body of one request or answer while it arrives, cut anywhere, to find where its records are.
 * All that is no record goes to the frame whole, records as far as it takes them.
 */
export class Skim {
  /** The bytes do not fit the schema; what follows is not looked at. */
  isBroken = false
  /** Behind the last field. */
  extraBytes = 0
  readonly #counter = new BatchCounter()
  #frame!: KeptFrame
  #steps: readonly Step[] = NO_STEPS
  #next = 0
  /** How often the steps are still to be repeated. */
  #repeats = 0
  /** Where to go on behind the steps, by depth. */
  readonly #outerSteps: (readonly Step[])[] = []
  readonly #outerNext: number[] = []
  readonly #outerRepeats: number[] = []
  #depth = 0
  /** Bytes to pass without a look. */
  #passing = 0
  #span: RecordSpan | undefined
  #records = 0
  /** A length or count that is being gathered: bytes that are missing (0: none is gathered, -1: until a varint ends), its value so far. */
  #missing = 0
  #value = 0
  #shift = 0
  /** In a section of tags: fields left; -1 outside. */
  #tags = -1
  #isTagNumber = false
  /** What is being fed, where it is being read, and from where on its structure is not in the frame yet. */
  #buf: Uint8Array = NO_BYTES
  #at = 0
  #uncopied = 0

  begin(frame: KeptFrame, steps: readonly Step[]): void {
    this.#frame = frame
    this.#steps = steps
    this.#next = this.#repeats = 0
    this.#depth = 0
    this.#passing = this.#records = this.#missing = 0
    this.#span = undefined
    this.#tags = -1
    this.isBroken = false
    this.extraBytes = 0
    this.#advance()
  }

  /** All fields were there. */
  get isOver(): boolean {
    return !this.isBroken && this.#passing === 0 && this.#records === 0 && this.#missing === 0 && this.#next > this.#steps.length
  }

  feed(buf: Uint8Array, from: number, to: number): void {
    this.#buf = buf
    this.#uncopied = from
    let at = from
    while (at < to) {
      if (this.isBroken || this.isOver) {
        this.extraBytes += to - at
        break
      }
      if (this.#records > 0) at = this.#passRecords(buf, at, to)
      else if (this.#passing > 0) at = this.#pass(at, to)
      else at = this.#gather(buf, at, to)
      if (this.#passing === 0 && this.#records === 0 && this.#missing === 0 && !this.isBroken) this.#advance()
    }
    this.#copyTo(to)
    this.#buf = NO_BYTES
  }

  /** In few pieces: neighbouring fields are one. */
  #copyTo(to: number): void {
    if (to > this.#uncopied) this.#frame.addStructure(this.#buf, this.#uncopied, to)
    this.#uncopied = to
  }

  #pass(at: number, to: number): number {
    const end = Math.min(to, at + this.#passing)
    this.#passing -= end - at
    return end
  }

  #passRecords(buf: Uint8Array, at: number, to: number): number {
    const end = Math.min(to, at + this.#records)
    this.#records -= end - at
    const span = this.#span
    if (span !== undefined) {
      this.#counter.feed(span, buf, at, end)
      this.#frame.addRecords(span, buf, at, end)
    }
    this.#uncopied = end
    return end
  }

  #gather(buf: Uint8Array, from: number, to: number): number {
    let at = from
    while (at < to && this.#missing !== 0) {
      const byte = buf[at++]!
      if (this.#missing > 0) {
        this.#value = this.#value * 256 + byte
        this.#missing--
      } else {
        this.#value += (byte & 0x7f) * 2 ** this.#shift
        this.#shift += 7
        if (byte < 0x80) this.#missing = 0
        else if (this.#shift > 28) this.isBroken = true
        if (this.isBroken) break
      }
    }
    this.#at = at
    if (this.#missing === 0) this.#gathered()
    return at
  }

  #want(length: number): void {
    this.#value = this.#shift = 0
    this.#missing = length === 0 ? -1 : length
  }

  /** The next step begins, as far as that needs no bytes. */
  #advance(): void {
    if (this.#tags > 0) {
      this.#isTagNumber = !this.#isTagNumber
      this.#want(0)
      return
    }
    this.#tags = -1
    while (this.#next >= this.#steps.length) {
      if (this.#repeats > 1) {
        this.#repeats--
        this.#next = 0
      } else if (this.#depth === 0) {
        this.#next = this.#steps.length + 1
        return
      } else this.#leave()
    }
    const step = this.#steps[this.#next++]!
    if (step.op === FIXED) this.#passing = step.size
    else this.#want(step.op === TAGS ? 0 : step.length)
  }

  #leave(): void {
    this.#depth--
    this.#steps = this.#outerSteps[this.#depth]!
    this.#next = this.#outerNext[this.#depth]!
    this.#repeats = this.#outerRepeats[this.#depth]!
  }

  #enter(steps: readonly Step[], repeats: number): void {
    if (repeats <= 0 || steps.length === 0) return
    if (this.#depth === MAX_DEPTH) {
      this.isBroken = true
      return
    }
    this.#outerSteps[this.#depth] = this.#steps
    this.#outerNext[this.#depth] = this.#next
    this.#outerRepeats[this.#depth++] = this.#repeats
    this.#steps = steps
    this.#next = 0
    this.#repeats = repeats
  }

  #gathered(): void {
    if (this.#tags > 0) this.#tagGathered()
    else {
      const step = this.#steps[this.#next - 1]!
      if (step.op === TAGS) {
        this.#tags = this.#value
        this.#isTagNumber = false
      } else this.#stepGathered(step, this.#count(step.length))
    }
  }

  /** Number and size of a tagged field in turn. */
  #tagGathered(): void {
    if (this.#isTagNumber) return
    this.#passing = this.#value
    this.#tags--
  }

  /** Lengths may be -1 for null. */
  #count(length: number): number {
    if (length === 0) return this.#value - 1
    if (length === 1) return this.#value << 24 >> 24
    return length === 2 ? this.#value << 16 >> 16 : this.#value | 0
  }

  #stepGathered(step: Step, count: number): void {
    if (count < -1) this.isBroken = true
    else if (step.op === ARRAY) this.#enter(step.sub, count)
    else if (step.op === MAYBE) this.#enter(step.sub, count < 0 ? 0 : 1)
    else if (step.op === FIXED_ARRAY) this.#passing = Math.max(0, count) * step.size
    else if (step.op === RECORD_FIELD) this.#openRecords(count)
    else this.#passing = Math.max(0, count)
  }

  #openRecords(sizeBytes: number): void {
    if (sizeBytes <= 0) return
    this.#records = sizeBytes
    this.#copyTo(this.#at)
    this.#span = this.#frame.openRecords(sizeBytes)
    this.#counter.begin(sizeBytes)
  }
}
