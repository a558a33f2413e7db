import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER, otherSide } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { latin1 } from '../http/bytes.ts'
import type { Reading } from '../http/reading.ts'
import { readingOf } from '../http/reading.ts'
import type { Handover, InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { GoawayMessage, unusedMessage } from './connection-message.ts'
import { Direction } from './direction.ts'
import { NO_ERROR } from './error-codes.ts'
import type { FrameOwner, FrameReader } from './frame-reader.ts'
import {
  ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HAS_PRIORITY, HEADERS, PADDED, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
} from './frame-types.ts'
import { isAllowed, uint31, uint32 } from './plausible.ts'
import { END_IN_HEAD, HEAD_BROKEN, HEAD_TOO_LONG, LIST_CUT, UNKNOWN_FIELDS } from './notes.ts'
import { MAX_WINDOW, takeSettings } from './settings-frame.ts'
import { StreamReader } from './stream-reader.ts'
import { upgradedRequest, upgradedSettings } from './upgrade.ts'

/** Both sides of an HTTP/2 connection: frames, header blocks, what concerns all streams. */
export class Http2Connection implements InPlaceDissector, FrameOwner {
  readonly #sink: Sink
  readonly #reading: Reading
  readonly #directions: readonly [Direction, Direction]
  readonly #streams: StreamReader
  #firstMicros: Micros = -1
  #isLate = false
  #isGivenUp = false

  constructor(sink: Sink, settings: Settings, handover?: Handover) {
    this.#sink = sink
    this.#reading = readingOf(settings)
    this.#directions = [new Direction(this, CLIENT), new Direction(this, SERVER)]
    this.#streams = new StreamReader(sink, this.#reading)
    if (handover !== undefined) this.#upgrade(handover)
  }

  #upgrade(handover: Handover): void {
    this.#streams.upgrade(upgradedRequest(handover))
    const settings = upgradedSettings(handover)
    this.#settings(this.#directions[CLIENT], settings, 0, settings.length)
  }

  joinedLate(): void {
    this.#isLate = true
    this.#streams.loosen()
    for (const { reader, decoder } of this.#directions) {
      reader.search()
      decoder.loosen('was sent before the capture began')
    }
  }

  get heldBytes(): number {
    return this.#directions[CLIENT].heldBytes + this.#directions[SERVER].heldBytes + this.#streams.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#firstMicros < 0) this.#firstMicros = at
    this.#directions[side].reader.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number): void {
    const direction = this.#directions[side]
    if (direction.reader.lose(bytes) || this.#isGivenUp) return
    this.#doubt(direction, 'was lost')
    direction.hasUntoldLoss = true
    direction.window = -Infinity
    this.#streams.lost(side)
  }

  /** From here on nothing of the table is certain, and a header block that was open is lost. */
  #doubt(direction: Direction, why: string): void {
    this.#isLate = true
    this.#streams.loosen()
    direction.decoder.loosen(why)
    direction.dropBlock()
    direction.target = undefined
  }

  end(side: Side, at: Micros): void {
    if (this.#isGivenUp) return
    const direction = this.#directions[side]
    const { reader, block } = direction
    if (block !== undefined) this.#cutHead(direction, block.promised || block.stream, block.atMicros)
    else if (reader.isWithinPayload && reader.type === HEADERS) this.#cutHead(direction, reader.stream, reader.frameMicros)
    direction.isEnded = true
    this.#streams.end(side, at)
    if (this.#directions[CLIENT].isEnded && this.#directions[SERVER].isEnded) this.#endBoth(at)
  }

  #cutHead(direction: Direction, stream: number, at: Micros): void {
    direction.dropBlock()
    this.#streams.headers(direction, stream, [], END_IN_HEAD, false, at)
  }

  #endBoth(at: Micros): void {
    if (!this.#streams.hasSpoken) this.#sink.message(this.#unused(at))
    for (const { side, hasUntoldLoss, reader } of this.#directions) {
      if (hasUntoldLoss) this.#sink.malformed(side, 'bytes were lost, and no request or response was found behind them', reader.offset)
    }
  }

  #unused(at: Micros): ReturnType<typeof unusedMessage> {
    const [client, server] = this.#directions
    const notes: string[] = []
    if (this.#isLate) notes.push('not all of the connection was captured')
    if (client.reader.isWithin || server.reader.isWithin || client.reader.isInPreface) notes.push('the connection ends within a frame')
    return unusedMessage(this.#firstMicros < 0 ? at : this.#firstMicros, client.settings, server.settings, notes)
  }

  began(reader: FrameReader): boolean {
    const { type, side } = reader
    const direction = this.#directions[side]
    const { block } = direction
    const isContinuation = type === CONTINUATION
    if (block === undefined ? isContinuation && !this.#isLate : !isContinuation || reader.stream !== block.stream) {
      reader.give(isContinuation ? 'CONTINUATION without a header block' : 'a frame within a header block')
      return false
    }
    if (!isAllowed(type, reader.flags, reader.stream, reader.length, side)) {
      reader.give('a frame of wrong size or stream')
      return false
    }
    if (type === DATA) {
      direction.window -= reader.length
      direction.target = this.#streams.dataBegan(direction, reader.stream, reader.frameMicros)
    }
    return true
  }

  payload(reader: FrameReader, buf: Uint8Array, from: number, to: number): void {
    const { target } = this.#directions[reader.side]
    if (target !== undefined) this.#streams.data(target, reader, buf, from, to)
  }

  dataLost(reader: FrameReader, bytes: number): void {
    this.#directions[reader.side].target?.lose(bytes)
  }

  dataEnded(reader: FrameReader): void {
    const direction = this.#directions[reader.side]
    const { target } = direction
    direction.target = undefined
    if (target !== undefined) this.#streams.dataEnded(target, reader, (reader.flags & END_STREAM) !== 0)
  }

  frame(reader: FrameReader, buf: Uint8Array, from: number, to: number): void {
    const direction = this.#directions[reader.side]
    switch (reader.type) {
      case HEADERS:
      case PUSH_PROMISE:
        this.#blockBegan(direction, buf, from, to)
        break
      case CONTINUATION:
        if (direction.block !== undefined) this.#blockGoesOn(direction, buf, from, to)
        break
      case RST_STREAM:
        this.#reset(direction, uint32(buf, from))
        break
      case SETTINGS:
        if ((reader.flags & ACK) === 0) this.#settings(direction, buf, from, to)
        break
      case GOAWAY:
        this.#goaway(direction, buf, from, to)
        break
      case WINDOW_UPDATE:
        this.#windowUpdate(direction, uint31(buf, from))
    }
  }

  #blockBegan(direction: Direction, buf: Uint8Array, payloadFrom: number, payloadTo: number): void {
    const { reader } = direction
    let from = payloadFrom
    let to = payloadTo
    if ((reader.flags & PADDED) !== 0) to -= buf[from++]!
    const isPromise = reader.type === PUSH_PROMISE
    const promised = isPromise && to - from >= 4 ? uint31(buf, from) : 0
    if (isPromise) from += 4
    else if ((reader.flags & HAS_PRIORITY) !== 0) from += 5
    if (from > to) {
      reader.give('more padding than frame')
      return
    }
    const endsStream = (reader.flags & END_STREAM) !== 0 && !isPromise
    if ((reader.flags & END_HEADERS) === 0 || reader.isCut) {
      direction.block = { stream: reader.stream, promised, endsStream, atMicros: reader.frameMicros }
      this.#blockGoesOn(direction, buf, from, to)
    } else this.#decode(direction, buf, from, to, reader.stream, promised, endsStream, reader.frameMicros)
  }

  #blockGoesOn(direction: Direction, buf: Uint8Array, from: number, to: number): void {
    const { reader } = direction
    if (!direction.isBlockTooLong && !direction.collect(buf, from, to)) {
      this.#sink.malformed(direction.side, 'header block too long', reader.frameOffset)
    }
    if ((reader.flags & END_HEADERS) === 0) return
    const { stream, promised, endsStream, atMicros } = direction.block!
    if (direction.isBlockTooLong) {
      this.#doubt(direction, 'was sent in a header block that was too long')
      this.#streams.headers(direction, promised || stream, [], HEAD_TOO_LONG, endsStream, atMicros)
    } else {
      const bytes = direction.takeBlock()
      this.#decode(direction, bytes, 0, bytes.length, stream, promised, endsStream, atMicros)
    }
  }

  #decode(direction: Direction, buf: Uint8Array, from: number, to: number, stream: number, promised: number, endsStream: boolean, atMicros: Micros): void {
    const { decoder, side, reader } = direction
    const isRead = decoder.decode(buf, from, to)
    const { fields } = decoder
    const bits = (isRead ? 0 : HEAD_BROKEN) | (decoder.unknownCount > 0 ? UNKNOWN_FIELDS : 0) | (decoder.isCut ? LIST_CUT : 0)
    if (!isRead) {
      this.#sink.malformed(side, decoder.problem, reader.frameOffset)
      this.#doubt(direction, 'was sent in a broken header block')
    } else if (decoder.askedTableBytes > direction.allowedTableBytes && !this.#isLate) {
      this.#sink.malformed(side, `header table of ${decoder.askedTableBytes} bytes, ${direction.allowedTableBytes} are allowed`, reader.frameOffset)
      direction.allowedTableBytes = decoder.askedTableBytes
    }
    if (promised > 0) this.#streams.promised(promised, fields, bits, atMicros)
    else this.#streams.headers(direction, stream, fields, bits, endsStream, atMicros)
  }

  #reset(direction: Direction, code: number): void {
    const { side, reader } = direction
    const isFlood = direction.countReset(reader.nowMicros)
    if (isFlood && direction.isFloodBegun) this.#sink.malformed(side, 'streams are reset in rapid succession', reader.frameOffset)
    this.#streams.reset(side, reader.stream, code, reader.nowMicros, isFlood)
  }

  #settings(direction: Direction, buf: Uint8Array, from: number, to: number): void {
    const { side, settings, reader } = direction
    const problem = takeSettings(buf, from, to, settings)
    if (problem !== '') this.#sink.malformed(side, problem, reader.frameOffset)
    const other = this.#directions[otherSide(side)]
    other.reader.maxFrameBytes = Math.max(other.reader.maxFrameBytes, settings['maxFrameSize'] ?? 0)
    other.allowedTableBytes = Math.max(other.allowedTableBytes, settings['headerTableSize'] ?? 0)
  }

  #goaway(direction: Direction, buf: Uint8Array, from: number, to: number): void {
    const { side, reader } = direction
    const lastStream = uint31(buf, from)
    const code = uint32(buf, from + 4)
    this.#streams.refused(side, lastStream, code, reader.nowMicros)
    if (code === NO_ERROR) return
    this.#streams.hasSpoken = true
    this.#sink.message(new GoawayMessage(side, reader.frameMicros, code, lastStream, latin1(buf, from + 8, to), reader.isCut, this.#reading.redactor))
  }

  #windowUpdate(direction: Direction, increment: number): void {
    const { side, reader } = direction
    if (increment === 0) this.#sink.malformed(side, 'window update of 0', reader.frameOffset)
    if (reader.stream > 0) return
    const other = this.#directions[otherSide(side)]
    other.window += increment
    if (other.window <= MAX_WINDOW) return
    if (!this.#isLate) this.#sink.malformed(side, 'window beyond 2^31-1 bytes', reader.frameOffset)
    other.window = -Infinity
  }

  broken(reader: FrameReader, what: string): void {
    const direction = this.#directions[reader.side]
    this.#sink.malformed(reader.side, what, reader.frameOffset)
    this.#doubt(direction, 'was sent in bytes that could not be read')
    direction.window = -Infinity
    this.#streams.lost(reader.side)
  }

  refused(reader: FrameReader): void {
    if (this.#streams.hasSpoken) {
      reader.give('no HTTP/2 preface')
      return
    }
    this.#isGivenUp = true
    for (const direction of this.#directions) direction.reader.stop()
    this.#sink.disown()
  }

  found(): void {
    this.#isLate = true
  }
}
