import { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { KeyPairing } from '../key-pairing.ts'
import type { FifoSink } from '../pairing.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { WaitingBudget } from '../waiting-budget.ts'
import { FETCH, PRODUCE, SASL_HANDSHAKE, SHARE_FETCH, isKnownRequest } from './apis.ts'
import { Exchange } from './exchange.ts'
import { fetchSessionEpoch, producedAcks } from './fields.ts'
import type { FrameOwner } from './frame-reader.ts'
import { FrameReader } from './frame-reader.ts'
import { Half, REQUEST_HEAD_BYTES, RESPONSE_HEAD_BYTES, SASL_TOKEN, UNKNOWN_API } from './half.ts'
import { int32, judgeResponse, requestSteps, responseSteps } from './judge.ts'
import { KeptFrame } from './kept-frame.ts'
import {
  MAX_CLIENT_ID_BYTES, MAX_STRUCTURE_BYTES, MAX_UNASKED_BYTES, MAX_WAITING_ANSWERS, MAX_WAITING_BYTES, MAX_WAITING_REQUESTS,
} from './limits.ts'
import type { Line } from './line.ts'
import { readLine } from './line.ts'
import { lineStepsOf } from './line-steps.ts'
import { seekRequest } from './resync.ts'
import type { Reading } from './body.ts'
import { topicNamesOf } from './topic-names.ts'

/** Room for the structure of a frame whose records are counted and not kept. */
const STRUCTURE_ROOM_BYTES = 128
/** Nothing is kept of what only a line was made of. */
const NO_FRAME = new KeptFrame(0, 0, 0)

/** A connection of a client with a broker: two readers of frames, and the pairing of what they find. */
export class KafkaConnection implements InPlaceDissector, FrameOwner, FifoSink<Half, Half> {
  readonly #sink: Sink
  readonly #settings: Settings
  readonly #reading: Reading
  /** Only lines are wanted. */
  readonly #isForLine: boolean
  readonly #requests: FrameReader
  readonly #answers: FrameReader
  readonly #pairing: KeyPairing<Half, Half>
  readonly #budget = new WaitingBudget(MAX_WAITING_BYTES, MAX_WAITING_REQUESTS)
  #isBlank = true
  #asked = 0
  /** Answers were lost, so earlier requests than the next answer's may wait in vain. */
  #hasLostAnswers = false
  /** SaslHandshake version 0 was seen: messages without headers follow. */
  #mayHaveTokens = false
  #tokensAsked = 0
  #tokensAnswered = 0
  #fullFetch: Half | undefined
  /** Client id of the last request, with its length: it makes a request easy to find. */
  #clientId: Buffer | undefined

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#settings = settings
    this.#reading = { settings, names: topicNamesOf(settings).of(sink.server?.() ?? '') }
    this.#isForLine = settings.details === false && settings.bodyLimitBytes === 0
    this.#requests = new FrameReader(this, true)
    this.#answers = new FrameReader(this, false)
    this.#pairing = new KeyPairing<Half, Half>(this, MAX_WAITING_REQUESTS, MAX_WAITING_ANSWERS)
  }

  joinedLate(): void {
    this.#isBlank = false
    this.#requests.seek()
    this.#answers.seek()
  }

  get heldBytes(): number {
    return this.#budget.bytes + this.#requests.heldBytes + this.#answers.heldBytes + (this.#fullFetch?.heldBytes ?? 0)
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (side === CLIENT) this.#requests.feed(buf, from, to, at)
    else this.#answers.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#isBlank = false
    if (side === CLIENT) this.#requests.gap(bytes, at)
    else this.#answers.gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    if (side === CLIENT) {
      this.#requests.end(at)
      this.#pairing.endRequests()
    } else {
      this.#answers.end(at)
      this.#pairing.endAnswers()
    }
  }

  begun(isRequest: boolean, head: Uint8Array, headBytes: number, sizeBytes: number, hereBytes: number, at: Micros, buf: Uint8Array, from: number): Half | undefined {
    return isRequest ? this.#requestBegun(head, headBytes, sizeBytes, hereBytes, at, buf, from) : this.#answerBegun(head, headBytes, sizeBytes, hereBytes, at, buf, from)
  }

  #requestBegun(head: Uint8Array, headBytes: number, sizeBytes: number, hereBytes: number, at: Micros, buf: Uint8Array, from: number): Half | undefined {
    const key = head[0]! << 8 | head[1]!
    const version = head[2]! << 8 | head[3]!
    const isHeader = headBytes === REQUEST_HEAD_BYTES
    if (this.#mayHaveTokens && (!isHeader || !isKnownRequest(key, version))) return this.#tokenBegun(true, sizeBytes, hereBytes, at)
    // Newer kinds than we know of are let through once it is certain that this is Kafka.
    if (!isHeader || (this.#isBlank ? !isKnownRequest(key, version) : head[0] !== 0 || head[2] !== 0)) return undefined
    this.#isBlank = false
    const line = hereBytes === sizeBytes ? this.#requestLine(key, version, buf, from, from + sizeBytes - headBytes) : undefined
    const steps = line === undefined && key === PRODUCE ? requestSteps(key, version) : undefined
    const half = new Half(true, at, sizeBytes, line === undefined ? this.#room(hereBytes, steps !== undefined) : NO_FRAME)
    half.key = key
    half.version = version
    half.correlationId = int32(head, 4)
    half.steps = steps
    half.line = line
    return half
  }

  #requestLine(key: number, version: number, buf: Uint8Array, from: number, to: number): Line | undefined {
    const steps = this.#isForLine ? lineStepsOf(key, version, true) : undefined
    if (steps === undefined || to - from < 2) return undefined
    const size = (buf[from]! << 8 | buf[from + 1]!) << 16 >> 16
    const behind = from + 2 + Math.max(0, size)
    const line = behind > to ? undefined : readLine(buf, behind, to, steps, false, this.#reading.names)
    if (line !== undefined) this.#learnClientId(buf, from, to)
    return line
  }

  #answerBegun(head: Uint8Array, headBytes: number, sizeBytes: number, hereBytes: number, at: Micros, buf: Uint8Array, from: number): Half | undefined {
    if (this.#tokensAnswered < this.#tokensAsked) return this.#tokenBegun(false, sizeBytes, hereBytes, at)
    if (headBytes < RESPONSE_HEAD_BYTES) return undefined
    const correlationId = int32(head, 0)
    const request = this.#pairing.peek(correlationId)
    if (request !== undefined && this.#isForLine && hereBytes === sizeBytes) {
      const lineSteps = lineStepsOf(request.key, request.version, false)
      const line = lineSteps === undefined ? undefined : readLine(buf, from, from + sizeBytes - headBytes, lineSteps, true, this.#reading.names)
      if (line !== undefined) return answerOf(request, new Half(false, at, sizeBytes, NO_FRAME), line)
    }
    const steps = request?.key === FETCH || request?.key === SHARE_FETCH ? responseSteps(request.key, request.version) : undefined
    const frame = request === undefined ? new KeptFrame(Math.min(hereBytes, MAX_UNASKED_BYTES), 0, MAX_UNASKED_BYTES) : this.#room(hereBytes, steps !== undefined)
    const half = new Half(false, at, sizeBytes, frame)
    half.correlationId = correlationId
    half.key = request?.key ?? UNKNOWN_API
    half.version = request?.version ?? 0
    half.steps = steps
    return half
  }

  /** Numbered below all correlation ids that clients use. */
  #tokenBegun(isRequest: boolean, sizeBytes: number, hereBytes: number, at: Micros): Half {
    const half = new Half(isRequest, at, sizeBytes, this.#room(hereBytes, false))
    half.key = SASL_TOKEN
    half.correlationId = -1 - (isRequest ? this.#tokensAsked++ : this.#tokensAnswered++)
    return half
  }

  #room(hereBytes: number, hasRecords: boolean): KeptFrame {
    const { bodyLimitBytes } = this.#settings
    if (!hasRecords) return new KeptFrame(Math.min(hereBytes, MAX_STRUCTURE_BYTES), 0)
    return new KeptFrame(Math.min(hereBytes, STRUCTURE_ROOM_BYTES + bodyLimitBytes), bodyLimitBytes)
  }

  finished(half: Half): void {
    if (half.isRequest) this.#requestFinished(half)
    else this.#answerFinished(half)
  }

  #requestFinished(half: Half): void {
    half.ordinal = this.#asked++
    const exchange = new Exchange(half, undefined, this.#reading)
    half.exchange = exchange
    if (half.key === SASL_HANDSHAKE && half.version === 0) this.#mayHaveTokens = true
    if (half.key === FETCH) this.#joinSession(half)
    if (half.key !== SASL_TOKEN && half.line === undefined) this.#learnClientId(half.bytes, REQUEST_HEAD_BYTES, half.bytes.length)
    if (half.key === PRODUCE && (half.line?.number ?? producedAcks(half)) === 0) {
      exchange.isUnacknowledged = true
      this.#sink.message(exchange)
      return
    }
    const answer = this.#pairing.asked(half.correlationId, half)
    if (answer === undefined) this.#wait(half)
    else this.#join(half, answer)
  }

  #answerFinished(half: Half): void {
    const request = this.#pairing.answered(half.correlationId, half)
    if (request === undefined) return
    // Brokers answer in order: what is older had its answer in what was lost.
    if (this.#hasLostAnswers) this.#dropOlder(request)
    this.#join(request, half)
  }

  #join(request: Half, answer: Half): void {
    answer.key = request.key
    answer.version = request.version
    this.#budget.release(request)
    const exchange = request.exchange!
    exchange.answer = answer
    exchange.learn()
    this.#sink.message(exchange)
  }

  #dropOlder(request: Half): void {
    this.#hasLostAnswers = false
    let older = this.#pairing.waiting - (this.#asked - 1 - request.ordinal)
    while (older-- > 0) this.#pairing.dropOldest()
  }

  /** A whole request waits for its answer: what it holds counts, and the oldest must make room. The newest always may stay. */
  #wait(half: Half): void {
    // Where no answer will come, it was given up already.
    if (this.#pairing.peek(half.correlationId) !== half) return
    this.#budget.hold(half, half.heldBytes)
    while (this.#budget.isOver(this.#pairing.waiting)) this.#pairing.dropOldest()
  }

  unanswered(request: Half): void {
    this.#budget.release(request)
    this.#sink.message(request.exchange!)
  }

  unasked(answer: Half): void {
    this.#sink.message(new Exchange(undefined, answer, this.#reading))
  }

  /** Within a session a Fetch says only what has changed since the first. */
  #joinSession(half: Half): void {
    const epoch = half.line?.number ?? fetchSessionEpoch(half)
    if (epoch <= 0) this.#fullFetch = epoch === 0 ? half : undefined
    else half.session = this.#fullFetch
  }

  #learnClientId(bytes: Uint8Array, at: number, to: number): void {
    const size = to < at + 2 ? -1 : bytes[at]! << 8 | bytes[at + 1]!
    if (size <= 0 || size > MAX_CLIENT_ID_BYTES || at + 2 + size > to || (this.#clientId !== undefined && isSame(this.#clientId, bytes, at, 2 + size))) return
    this.#clientId = Buffer.from(bytes.subarray(at, at + 2 + size))
  }

  seek(isRequest: boolean, buf: Uint8Array, from: number): number {
    return isRequest ? seekRequest(buf, from, this.#clientId) : this.#seekAnswer(buf, from)
  }

  /** An answer that some request waits for. */
  #seekAnswer(buf: Uint8Array, from: number): number {
    let at = from
    for (; at + 8 <= buf.length; at++) {
      if (buf[at]! > 6 || this.#pairing.waiting === 0) continue
      const request = this.#pairing.peek(int32(buf, at + 4))
      if (request === undefined) continue
      const verdict = judgeResponse(buf, at, request.key, request.version)
      if (verdict === 'yes' || (verdict === 'more' && at === from)) return at
    }
    return -1 - at
  }

  refuses(): boolean {
    if (!this.#isBlank) return false
    this.#requests.stop()
    this.#answers.stop()
    this.#sink.disown()
    return true
  }

  malformed(isRequest: boolean, what: string, offset: number): void {
    this.#sink.malformed(isRequest ? CLIENT : SERVER, what, offset)
  }

  lost(isRequest: boolean): void {
    if (!isRequest) this.#hasLostAnswers = true
  }
}

function answerOf(request: Half, half: Half, line: Line): Half {
  half.correlationId = request.correlationId
  half.key = request.key
  half.version = request.version
  half.line = line
  return half
}

/** In a loop: they are short, and the call into the runtime takes longer. */
function isSame(known: Buffer, bytes: Uint8Array, at: number, sizeBytes: number): boolean {
  if (known.length !== sizeBytes) return false
  for (let i = 0; i < sizeBytes; i++) if (known[i] !== bytes[at + i]) return false
  return true
}
