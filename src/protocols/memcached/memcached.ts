import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, InPlaceDissector, Protocol, Settings, Sink } from '../protocol.ts'
import { BinaryConnection, isBinary } from './binary.ts'
import { TextConnection } from './connection.ts'
import { probe } from './probe.ts'

/** A connection is in the text protocol or in the binary one; its first byte tells. */
class MemcachedConnection implements InPlaceDissector {
  readonly #sink: Sink
  readonly #settings: Settings
  #inner: Dissector | undefined
  /** The same, where it reads the text protocol. */
  #text: TextConnection | undefined
  #isLate = false

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#settings = settings
  }

  get heldBytes(): number {
    return this.#inner?.heldBytes ?? 0
  }

  joinedLate(): void {
    this.#isLate = true
  }

  #open(inner: Dissector): Dissector {
    if (this.#isLate) inner.joinedLate?.()
    return this.#inner = inner
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    const inner = this.#inner ?? this.#open(isBinary(side, chunk) ? new BinaryConnection(this.#sink) : this.#openText())
    inner.data(side, chunk, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#text !== undefined) this.#text.dataIn(side, buf, from, to, at)
    else this.data(side, buf.subarray(from, to), at)
  }

  #openText(): TextConnection {
    return this.#text = new TextConnection(this.#sink, this.#settings)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    const inner = this.#inner ?? this.#open(this.#openText())
    inner.gap(side, bytes, at)
  }

  end(side: Side, at: Micros): void {
    this.#inner?.end(side, at)
  }
}

/** The text protocol of memcached with its meta commands: one message for each command with its answer. The binary protocol is only counted. */
export const memcached: Protocol = {
  name: 'memcached',
  spec: 'https://github.com/memcached/memcached/blob/master/doc/protocol.txt',
  ports: [11211, 11212],
  probe,
  open: (sink, settings) => new MemcachedConnection(sink, settings),
}
