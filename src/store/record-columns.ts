import type { Outcome } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { MemberWalk, numberValue, textValue } from './json-walk.ts'

export const OUTCOMES: readonly Outcome[] = ['none', 'info', 'ok', 'redirect', 'client-error', 'server-error']

/** Bits of RecordColumns.flags. */
export const COMPLETE = 1
export const DECRYPTED = 2
/** It has the handshake of a TLS connection. */
export const HANDSHAKE = 4
/** It is a hop of a request that another message stands for: see joined-hops.ts. */
export const FURTHER_HOP = 8

const FLOW_KEYS = ['capture', 'hop', 'namespace', 'interface', 'client', 'server'] as const
type FlowKey = (typeof FLOW_KEYS)[number]

const QUOTE = 0x22
const T = 0x74
const S = 0x73

/** Sizes of a payload have other names in other protocols; the first that is there counts. */
const SIZE_KEYS = ['bodyBytes', 'payloadBytes', 'sizeBytes', 'bytes', 'valueBytes']

/** What the store keeps of a record beside its text. Filled anew by each `read`; numbers that are not there are -1, texts ''. */
export class RecordColumns {
  atMicros: Micros = 0
  elapsedMicros: Micros = -1
  protocol = ''
  what = ''
  /** The status where it is a number. */
  statusCode = -1
  /** The status where it is text. */
  status = ''
  /** Index into OUTCOMES. */
  outcome = 0
  flags = 0
  requestBytes = -1
  responseBytes = -1
  /** Where the values of `request` and `response` stand in the bytes; 0 where there are none. */
  requestStart = 0
  requestEnd = 0
  responseStart = 0
  responseEnd = 0
  /** Id of the flow within its run. */
  flow = ''
  /** Start and end of the values of FLOW_KEYS, for flows that are not known. */
  readonly #flowParts = new Int32Array(FLOW_KEYS.length * 2)
  readonly #protocol = new RepeatedText()
  readonly #outcome = new RepeatedText()
  readonly #walk = new MemberWalk()
  readonly #inner = new MemberWalk()
  #bytes: Buffer = Buffer.alloc(0)

  /** Reads the record `bytes[start, end)`, a line without its newline. False where it is none: docs/protocols/README.md. */
  read(bytes: Buffer, start: number, end: number): boolean {
    this.#reset(bytes)
    const walk = this.#walk
    if (!walk.open(bytes, start, end)) return false
    while (walk.next()) this.#member(bytes)
    return this.atMicros > 0 && this.protocol !== '' && this.flow !== ''
  }

  #reset(bytes: Buffer): void {
    this.#bytes = bytes
    this.#flowParts.fill(0)
    this.atMicros = 0
    this.elapsedMicros = -1
    this.protocol = ''
    this.what = ''
    this.statusCode = -1
    this.status = ''
    this.outcome = 0
    this.flags = 0
    this.requestBytes = -1
    this.responseBytes = -1
    this.requestStart = 0
    this.requestEnd = 0
    this.responseStart = 0
    this.responseEnd = 0
    this.flow = ''
  }

  #member(bytes: Buffer): void {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#walk
    // By length and letters of the key: a string made of each would be half of the work.
    switch ((keyEnd - keyStart) * 65536 + bytes[keyStart]! * 256 + bytes[keyStart + 1]!) {
      case key('at'): this.atMicros = timeValue(bytes, valueStart + 1, valueEnd - 1); break
      case key('protocol'): this.protocol = this.#protocol.text(bytes, valueStart, valueEnd); break
      case key('elapsedMicros'): this.elapsedMicros = Math.max(-1, Math.floor(orNone(numberValue(bytes, valueStart, valueEnd)))); break
      case key('what'): this.what = textValue(bytes, valueStart, valueEnd) ?? ''; break
      case key('flow'): this.flow = textValue(bytes, valueStart, valueEnd) ?? ''; break
      case key('decrypted'): if (bytes[valueStart] === T) this.flags |= DECRYPTED; break
      case key('request'):
        this.requestBytes = this.#half(bytes, valueStart, valueEnd)
        this.requestStart = valueStart
        this.requestEnd = valueEnd
        break
      case key('response'):
        this.responseBytes = this.#half(bytes, valueStart, valueEnd)
        this.responseStart = valueStart
        this.responseEnd = valueEnd
        break
      case key('outcome'): this.outcome = Math.max(0, OUTCOMES.indexOf(this.#outcome.text(bytes, valueStart, valueEnd) as Outcome)); break
      case key('complete'): if (bytes[valueStart] === T) this.flags |= COMPLETE; break
      case key('status'): this.#status(bytes, valueStart, valueEnd); break
      case key('capture'): this.#part(0); break
      case key('hop'): this.#part(1); break
      case key('namespace'): this.#part(2); break
      case key('interface'): this.#part(3); break
      case key('client'): this.#part(4); break
      case key('server'): this.#part(5)
    }
  }

  #part(index: number): void {
    this.#flowParts[index * 2] = this.#walk.valueStart
    this.#flowParts[index * 2 + 1] = this.#walk.valueEnd
  }

  #status(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === QUOTE) this.status = textValue(bytes, start, end) ?? ''
    else this.statusCode = orNone(numberValue(bytes, start, end))
  }

  #half(bytes: Buffer, start: number, end: number): number {
    const inner = this.#inner
    if (!inner.open(bytes, start, end)) return -1
    const isTls = this.protocol === 'tls'
    while (inner.next()) {
      if (isTls && inner.isKey('kind')) {
        if (bytes.toString('latin1', inner.valueStart, inner.valueEnd) === '"handshake"') this.flags |= HANDSHAKE
        return -1
      }
      if (isTls || bytes[inner.keyEnd - 1] !== S) continue
      for (const name of SIZE_KEYS) {
        if (inner.isKey(name)) return orNone(numberValue(bytes, inner.valueStart, inner.valueEnd))
      }
    }
    return -1
  }

  /** A member that the messages of a flow have in common, as text; undefined where it is not there or no text. Valid until the next `read`. */
  flowText(key: 'capture' | 'hop' | 'namespace' | 'interface'): string | undefined {
    const [start, end] = this.#partOf(key)
    return end === 0 ? undefined : textValue(this.#bytes, start, end)
  }

  flowEnd(key: 'client' | 'server'): { ip: string, port: number, name: string } {
    const end = { ip: '', port: 0, name: '' }
    const inner = this.#inner
    if (!inner.open(this.#bytes, ...this.#partOf(key))) return end
    while (inner.next()) {
      if (inner.isKey('ip')) end.ip = textValue(this.#bytes, inner.valueStart, inner.valueEnd) ?? ''
      else if (inner.isKey('name')) end.name = textValue(this.#bytes, inner.valueStart, inner.valueEnd) ?? ''
      else if (inner.isKey('port')) end.port = Math.max(0, orNone(numberValue(this.#bytes, inner.valueStart, inner.valueEnd)))
    }
    return end
  }

  #partOf(key: FlowKey): [number, number] {
    const at = FLOW_KEYS.indexOf(key) * 2
    return [this.#flowParts[at]!, this.#flowParts[at + 1]!]
  }
}

/** What a switch over keys compares: length and first two letters, which differ among the keys of a record. */
function key(name: string): number {
  return name.length * 65536 + name.charCodeAt(0) * 256 + name.charCodeAt(1)
}

/** A text that is mostly the one that was there before. */
class RepeatedText {
  #last = ''

  text(bytes: Buffer, start: number, end: number): string {
    const last = this.#last
    if (end - start - 2 !== last.length) return this.#read(bytes, start, end)
    for (let i = 0; i < last.length; i++) if (bytes[start + 1 + i] !== last.charCodeAt(i)) return this.#read(bytes, start, end)
    return last
  }

  #read(bytes: Buffer, start: number, end: number): string {
    return this.#last = textValue(bytes, start, end) ?? ''
  }
}

function orNone(value: number): number {
  return Number.isFinite(value) ? value : -1
}

const DAY_MS = 86_400_000
/** The day that was read last: records come in the order of time, and days are dear. */
let day = ''
let dayMs = 0

/** `2026-11-21T12:03:41.201456Z` in microseconds; 0 where it is no such time. */
function timeValue(bytes: Buffer, start: number, end: number): Micros {
  if (end - start < 20 || bytes[end - 1] !== 0x5a) return 0
  if (!isDay(bytes, start)) {
    day = bytes.toString('latin1', start, start + 10)
    dayMs = Date.parse(`${day}T00:00:00Z`)
  }
  const seconds = two(bytes, start + 11) * 3600 + two(bytes, start + 14) * 60 + two(bytes, start + 17)
  let micros = 0
  let scale = 100_000
  for (let i = start + 20; i < end - 1; i++, scale /= 10) micros += (bytes[i]! - 0x30) * scale
  const atMicros = dayMs * 1000 + seconds * 1e6 + Math.floor(micros)
  return atMicros > 0 && seconds * 1000 <= DAY_MS + 1000 ? atMicros : 0
}

function isDay(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== day.charCodeAt(i)) return false
  return true
}

function two(bytes: Buffer, at: number): number {
  return (bytes[at]! - 0x30) * 10 + bytes[at + 1]! - 0x30
}
