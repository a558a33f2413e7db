import type { RecordCount } from './batch-counter.ts'
import { countBatches } from './batch-counter.ts'
import { NO_ERROR, errorName } from './errors.ts'
import type { LineStep } from './line-steps.ts'
import { ARRAY, ERROR_CODE, FIXED_ARRAY, ID, MAYBE, NAME, NUMBER, PARTITION, PARTITIONS, RECORD_FIELD, SIZED, SKIP, TAGS } from './line-steps.ts'
import { MAX_NAMED_PARTITIONS, MAX_RECORD_FIELDS } from './limits.ts'
import { RecentTexts } from './recent-texts.ts'
import type { ServerTopics } from './topic-names.ts'

const NO_BYTES = new Uint8Array(0)
const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
/** Partition numbers of which the text with a topic is remembered. A power of two. */
const PLACES = 64

/** What the line of a Produce or a Fetch tells of its request or its answer. */
export class Line {
  /** `orders[0], orders[1] +3`; of an answer only those that records came from. */
  readonly partitions: string
  readonly records: number
  /** Compressed messages of the old formats were counted as one each. */
  readonly isAtLeast: boolean
  /** The first that is not NONE. */
  readonly error: string
  /** `acks` of a Produce, `sessionEpoch` of a Fetch; NO_NUMBER where it has none. */
  readonly number: number

  constructor(partitions: string, records: number, isAtLeast: boolean, error: string, number: number) {
    this.partitions = partitions
    this.records = records
    this.isAtLeast = isAtLeast
    this.error = error
    this.number = number
  }
}

/** No int32. */
const ALONE = -(2 ** 31) - 1
const NO_NUMBER = -2
const NOTHING_TO_TELL = new Line('', 0, false, NO_ERROR, NO_NUMBER)
const names = new RecentTexts('utf8')
const ids = new RecentTexts('base64url')

/** Walks once over the bytes of a request or an answer that are all there. One object is reused: nothing is kept between two runs. */
class LineReader implements RecordCount {
  count = 0
  isAtLeast = false
  #bytes: Uint8Array = NO_BYTES
  #at = 0
  #end = 0
  /** The bytes are as the schema says, so far. */
  #isPlain = true
  #known: ServerTopics | undefined
  #topicAt = 0
  #topicEnd = 0
  #isTopicId = false
  #partition = 0
  /** Only partitions with records are named. */
  #isAnswer = false
  #named = 0
  #text = ''
  #fields = 0
  #error = NO_ERROR
  #number = NO_NUMBER

  /** Undefined where anything is unusual: then the fields are read one by one, and notes say what it is. */
  read(bytes: Uint8Array, from: number, to: number, steps: readonly LineStep[], isAnswer: boolean, known: ServerTopics): Line | undefined {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    this.#known = known
    this.#isAnswer = isAnswer
    this.#isPlain = true
    this.#named = this.#fields = this.count = 0
    this.#text = ''
    this.#error = NO_ERROR
    this.#number = NO_NUMBER
    this.isAtLeast = false
    this.#run(steps)
    this.#bytes = NO_BYTES
    this.#known = undefined
    if (!this.#isPlain || this.#at !== to || this.#fields > MAX_RECORD_FIELDS) return undefined
    if (isAnswer && this.#fields === 0 && this.#named === 0 && this.#error === NO_ERROR) return NOTHING_TO_TELL
    const more = this.#named - MAX_NAMED_PARTITIONS
    return new Line(more > 0 ? `${this.#text} +${more}` : this.#text, this.count, this.isAtLeast, this.#error, this.#number)
  }

  #run(steps: readonly LineStep[]): void {
    for (let i = 0; i < steps.length && this.#isPlain; i++) this.#step(steps[i]!)
  }

  #step(step: LineStep): void {
    switch (step.op) {
      case SKIP: this.#skip(step.size); return
      case SIZED: this.#skip(Math.max(0, this.#length(step.length))); return
      case TAGS: this.#skipTags(); return
      case ARRAY: this.#repeat(step.sub, this.#length(step.length)); return
      case PARTITIONS: this.#readPartitions(step); return
      case RECORD_FIELD: this.#readRecords(this.#length(step.length)); return
      case PARTITION: this.#readPartition(); return
      case NAME: this.#readTopic(Math.max(0, this.#length(step.length)), false); return
      case ID: this.#readTopic(step.size, true); return
      case ERROR_CODE: this.#readError(); return
      case NUMBER: this.#number = this.#signed(step.size); return
      case FIXED_ARRAY: this.#skip(Math.max(0, this.#length(step.length)) * step.size); return
      default: this.#repeat(step.sub, step.op === MAYBE && this.#signed(1) >= 0 ? 1 : 0)
    }
  }

  #skip(size: number): number {
    const from = this.#at
    if (size > this.#end - from) this.#isPlain = false
    else this.#at = from + size
    return from
  }

  #signed(size: number): number {
    const at = this.#skip(size)
    if (!this.#isPlain) return -1
    const bytes = this.#bytes
    if (size === 1) return bytes[at]! << 24 >> 24
    if (size === 2) return (bytes[at]! << 8 | bytes[at + 1]!) << 16 >> 16
    return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!
  }

  /** -1: null. */
  #length(size: number): number {
    const length = size === 0 ? this.#unsigned() - 1 : this.#signed(size)
    if (length < -1) this.#isPlain = false
    return length
  }

  #unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const at = this.#skip(1)
      if (!this.#isPlain) return 0
      const byte = this.#bytes[at]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.#isPlain = false
    return 0
  }

  #skipTags(): void {
    for (let left = this.#unsigned(); left > 0 && this.#isPlain; left--) {
      this.#unsigned()
      this.#skip(this.#unsigned())
    }
  }

  #repeat(steps: readonly LineStep[], count: number): void {
    for (let left = count; left > 0 && this.#isPlain; left--) this.#run(steps)
  }

  #readTopic(size: number, isId: boolean): void {
    this.#topicAt = this.#skip(size)
    this.#topicEnd = this.#at
    this.#isTopicId = isId
  }

  #readPartitions(step: LineStep): void {
    const count = this.#length(step.length)
    if (count > 0) this.#repeat(step.sub, count)
    else if (!this.#isAnswer && this.#isPlain) this.#name(ALONE)
  }

  #readPartition(): void {
    this.#partition = this.#signed(4)
    if (!this.#isAnswer && this.#isPlain) this.#name(this.#partition)
  }

  #readError(): void {
    const code = this.#signed(2)
    if (code !== 0 && this.#error === NO_ERROR && this.#isPlain) this.#error = errorName(code)
  }

  #readRecords(size: number): void {
    if (size <= 0 || !this.#isPlain) return
    const from = this.#skip(size)
    if (!this.#isPlain) return
    this.#fields++
    countBatches(this, this.#bytes, from, from + size)
    if (this.#isAnswer) this.#name(this.#partition)
  }

  /** `partition` ALONE: none of it. */
  #name(partition: number): void {
    if (++this.#named > MAX_NAMED_PARTITIONS) return
    const topic = this.#topicText()
    const text = partition === ALONE ? topic : partitionText(topic, partition)
    this.#text = this.#named === 1 ? text : `${this.#text}, ${text}`
  }

  #topicText(): string {
    if (!this.#isTopicId) return names.text(this.#bytes, this.#topicAt, this.#topicEnd)
    const id = ids.text(this.#bytes, this.#topicAt, this.#topicEnd)
    return id === NO_UUID ? '' : this.#known!.name(id) ?? id
  }
}

const reader = new LineReader()
const places = Array.from({ length: PLACES }, () => ({ topic: '', partition: -1, text: '' }))

function partitionText(topic: string, partition: number): string {
  const place = places[(partition ^ topic.length << 3) & PLACES - 1]!
  if (place.partition === partition && place.topic === topic) return place.text
  place.topic = topic
  place.partition = partition
  return place.text = `${topic}[${partition}]`
}

/** What a line tells of the bytes[from, to) behind the client id, or the correlation id; undefined where that takes a closer look. */
export function readLine(bytes: Uint8Array, from: number, to: number, steps: readonly LineStep[], isAnswer: boolean, known: ServerTopics): Line | undefined {
  return reader.read(bytes, from, to, steps, isAnswer, known)
}
