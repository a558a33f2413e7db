import { BoundedMap } from '../base/bounded-map.ts'
import type { Micros } from '../model/time.ts'
import type { Exchange } from './exchange.ts'
import { TimeLine } from './time-line.ts'
import { WireMarks } from './wire-marks.ts'

const NONE: TimeLine<Exchange> = new TimeLine()
/** The queue is cut at its beginning when so many have left it. */
const COMPACT_ABOVE = 64
/** Of requests that are all alike so many are looked at for one that was under way at the same time; where there are more, one is assumed. */
const MAX_LOOKS = 64
const MAX_LAST_ENDS = 8192

/** When the last of several ended, and when the last of the others. */
interface LastEnd { readonly of: string, readonly endMicros: Micros, readonly othersEndMicros: Micros }

/** Exchanges that wait for those which are the same request elsewhere. First in, first due. */
export class ExchangePool {
  readonly #alike = new Map<string, TimeLine<Exchange>>()
  readonly #wires = new WireMarks()
  /** When the last of those alike that are taken ended: it may have been under way when a later one began. */
  readonly #lastEnds = new BoundedMap<string, LastEnd>(MAX_LAST_ENDS)
  #waiting: Exchange[] = []
  #head = 0
  #heldBytes = 0

  /** Not yet decided. */
  get waiting(): number {
    return this.#waiting.length - this.#head
  }

  /** Of the messages of all that are not taken, about. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** False where it was the other end of one that is here or was. */
  add(exchange: Exchange): boolean {
    if (exchange.plain && this.#wires.isOtherEnd(exchange)) return false
    const alike = this.#alike.get(exchange.signature) ?? new TimeLine<Exchange>()
    if (!exchange.plain) {
      markTwins(alike, exchange)
      const last = this.#lastEnds.get(exchange.twinKey)
      // One that was alone is looked at once more: it is no twin of its own.
      if (last !== undefined && exchange.atMicros <= (last.of === identityOf(exchange) ? last.othersEndMicros : last.endMicros)) exchange.hasTwin = true
    }
    alike.insert(exchange)
    this.#alike.set(exchange.signature, alike)
    this.#waiting.push(exchange)
    this.#heldBytes += exchange.sizeBytes
    return true
  }

  /** All that may be the same request and are not taken. */
  alike(exchange: Exchange): TimeLine<Exchange> {
    return this.#alike.get(exchange.signature) ?? NONE
  }

  /** It is a hop of a request that is being put together: no other may have it. */
  take(exchange: Exchange): void {
    exchange.taken = true
    this.#heldBytes -= exchange.sizeBytes
    const alike = this.#alike.get(exchange.signature)
    alike?.remove(exchange)
    if (alike?.length === 0) this.#alike.delete(exchange.signature)
    if (exchange.plain) this.#wires.release(exchange)
    else this.#lastEnds.set(exchange.twinKey, lastEndWith(exchange, this.#lastEnds.get(exchange.twinKey)))
  }

  /** The next that is due; with `force` the next. It stays here until it is taken. */
  next(nowMicros: Micros, force = false): Exchange | undefined {
    const next = this.#waiting[this.#head]
    if (next === undefined || (!force && next.dueMicros > nowMicros)) return undefined
    this.#head++
    if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return next
  }

  /** Forgets wires that were seen before that. */
  expire(beforeMicros: Micros): void {
    this.#wires.expire(beforeMicros)
  }
}

function identityOf({ flowKey, atMicros, endMicros }: Exchange): string {
  return `${flowKey} ${atMicros} ${endMicros}`
}

function lastEndWith(exchange: Exchange, last: LastEnd | undefined): LastEnd {
  const of = identityOf(exchange)
  const { endMicros } = exchange
  if (last === undefined) return { of, endMicros, othersEndMicros: -1 }
  if (last.of === of) return last
  return endMicros >= last.endMicros ? { of, endMicros, othersEndMicros: Math.max(last.endMicros, last.othersEndMicros) } : { ...last, othersEndMicros: Math.max(endMicros, last.othersEndMicros) }
}

/** Marks those that were under way at the same time, to the same listener. */
function markTwins(alike: TimeLine<Exchange>, exchange: Exchange): void {
  const next = alike.firstFrom(exchange.atMicros)
  for (let index = next; index < alike.length && alike.items[index]!.atMicros <= exchange.endMicros; index++) {
    if (index - next >= MAX_LOOKS) return void (exchange.hasTwin = true)
    markTwin(alike.items[index]!, exchange)
  }
  for (let index = next - 1; index >= 0; index--) {
    if (next - index > MAX_LOOKS) return void (exchange.hasTwin = true)
    if (alike.items[index]!.endMicros >= exchange.atMicros) markTwin(alike.items[index]!, exchange)
  }
}

function markTwin(other: Exchange, exchange: Exchange): void {
  if (other.plain || other.listenerKey !== exchange.listenerKey || !exchange.isAsLargeAs(other)) return
  other.hasTwin = true
  exchange.hasTwin = true
}
