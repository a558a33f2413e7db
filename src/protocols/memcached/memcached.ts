import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, Protocol, Settings, Sink } from '../protocol.ts'
import { BinaryConnection, isBinary } from './binary.ts'
import { TextConnection } from './connection.ts'
import { probe } from './probe.ts'

/** A connection is in the text protocol or in the binary one; its first byte tells. */
class MemcachedConnection implements Dissector {
  readonly #sink: Sink
  readonly #settings: Settings
  #inner: Dissector | undefined
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
    const inner = this.#inner ?? this.#open(isBinary(side, chunk) ? new BinaryConnection(this.#sink) : new TextConnection(this.#sink, this.#settings))
    inner.data(side, chunk, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    const inner = this.#inner ?? this.#open(new TextConnection(this.#sink, this.#settings))
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
