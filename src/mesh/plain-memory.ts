import { BoundedMap } from '../base/bounded-map.ts'
import type { Micros } from '../model/time.ts'
import type { ClearRole, ClearSpan, Exchange } from './exchange.ts'
import { TimeLine } from './time-line.ts'

const MAX_REMEMBERED = 16_384
/** What was captured elsewhere may come so much later. */
const KEEP_MICROS = 30_000_000
/** Of requests that are alike so many are looked at. */
const MAX_LOOKS = 256
const MAX_PLACES = 4096
/** A request that was read without its answer may be under way for so long. */
const UNANSWERED_MICROS = 1_000_000
const ANYWHERE = '\n'

interface Remembered { readonly wire: Exchange, readonly knownMicros: Micros }

/** Requests that were asked for in the same words, and left or reached the same place. */
interface Alike { readonly line: TimeLine<Exchange>, longestMicros: Micros }

/**
 * Requests that were read on a wire. A hop in the clear that may be of one of them is never said to have crossed TLS, however near a turn of ciphertext was: the turn may be
 * that of another request. Status and sizes do not tell them apart, for what failed in plaintext may have been tried again over TLS.
 */
export class PlainMemory {
  readonly #left = new Map<string, Alike>()
  readonly #reached = new Map<string, Alike>()
  /** Told, and nothing of them was seen in the clear by then. */
  readonly #alone = new Set<Exchange>()
  /** Place → the latest of its requests that was forgotten for want of room: of what was under way then nothing is known. */
  readonly #forgotten = new BoundedMap<string, Micros>(MAX_PLACES)
  #order: Remembered[] = []

  /** @param hasServer whether anything is captured where it went; else that may be any place, for a Service's address is translated on the way */
  add(wire: Exchange, nowMicros: Micros, hasServer: boolean): void {
    for (const place of leftBy(wire)) insert(this.#left, keyOf(place, wire), wire)
    for (const place of reachedBy(wire)) insert(this.#reached, keyOf(place, wire), wire)
    if (!hasServer) insert(this.#reached, keyOf(ANYWHERE, wire), wire)
    if (this.#order.push({ wire, knownMicros: Math.max(nowMicros, wire.endMicros) }) > MAX_REMEMBERED) this.#makeRoom()
  }

  /** It was told alone. A hop in the clear that comes later, because another thread was kept waiting, is one of its own. */
  leaveAlone(wire: Exchange): void {
    wire.letGo()
    this.#alone.add(wire)
  }

  /** The wire that a request crossed after it was read in the clear in its client's place, or before it was in its server's: one that was told alone. It is not given again. */
  take(clear: Exchange): Exchange | undefined {
    const isOwn = (wire: Exchange): boolean => this.#alone.has(wire) && wire.signature === clear.signature
    const found = this.#findLeft(clear, (wire) => isOwn(wire) && clear.encloses(wire)) ?? this.#findReached(clear, (wire) => isOwn(wire) && wire.encloses(clear))
    if (typeof found !== 'object') return undefined
    this.#alone.delete(found)
    return found
  }

  /**
   * Whether this may have gone over a wire in plaintext.
   * @param role on which side of a wire it was, where that is known
   * @param isPaired it was read on both sides of a wire: it is less likely then that it crossed another
   */
  mayHold(clear: Exchange, role: ClearRole | undefined, isPaired: boolean): boolean {
    if ((this.#forgotten.get(clear.place) ?? -1) >= clear.atMicros) return true
    return (role !== 'server' && this.#findLeft(clear, (wire) => isTo(clear, wire) && !(isPaired && passesOn(clear, clear, wire.outerHop))) !== undefined)
      || (role !== 'client' && [clear.place, ANYWHERE].some((place) => this.#findReached(clear, (wire) => clear.atMicros <= endOf(wire) && !(isPaired && passesOn(clear, wire.innerHop, clear)), place) !== undefined))
  }

  /** One that left the place of a hop in the clear while that was under way. */
  #findLeft(clear: Exchange, isRight: (wire: Exchange) => boolean): Exchange | 'too many' | undefined {
    const alike = this.#left.get(keyOf(clear.place, clear))
    if (alike === undefined) return undefined
    const { items } = alike.line
    const first = alike.line.firstFrom(clear.atMicros)
    for (let index = first; index < items.length && items[index]!.atMicros <= clear.endMicros; index++) {
      if (index - first >= MAX_LOOKS) return 'too many'
      if (isRight(items[index]!)) return items[index]
    }
    return undefined
  }

  /** One that had reached the place of a hop in the clear when that began. */
  #findReached(clear: Exchange, isRight: (wire: Exchange) => boolean, place = clear.place): Exchange | 'too many' | undefined {
    const alike = this.#reached.get(keyOf(place, clear))
    if (alike === undefined) return undefined
    const { items } = alike.line
    const last = alike.line.lastUntil(clear.atMicros)
    for (let index = last; index >= 0 && items[index]!.atMicros + alike.longestMicros >= clear.atMicros; index--) {
      if (last - index >= MAX_LOOKS) return 'too many'
      if (isRight(items[index]!)) return items[index]
    }
    return undefined
  }

  /** Forgets those that have been known for long. */
  expire(nowMicros: Micros): void {
    const keep = this.#order.findIndex(({ knownMicros }) => knownMicros >= nowMicros - KEEP_MICROS)
    this.#drop(keep < 0 ? this.#order.length : keep)
  }

  #makeRoom(): void {
    for (const { wire } of this.#order.slice(0, MAX_REMEMBERED / 4)) {
      for (const place of [wire.place, wire.clientPlace, wire.serverPlace]) this.#forgotten.set(place, Math.max(endOf(wire), this.#forgotten.get(place) ?? -1))
    }
    this.#drop(MAX_REMEMBERED / 4)
  }

  #drop(count: number): void {
    if (count === 0) return
    for (const { wire } of this.#order.slice(0, count)) {
      this.#alone.delete(wire)
      for (const place of leftBy(wire)) remove(this.#left, keyOf(place, wire), wire)
      for (const place of reachedBy(wire)) remove(this.#reached, keyOf(place, wire), wire)
      remove(this.#reached, keyOf(ANYWHERE, wire), wire)
    }
    this.#order = this.#order.slice(count)
  }
}

/** Where it was captured it went out or came in, whatever is learnt of whose addresses these are. */
function leftBy({ place, clientPlace }: Exchange): ReadonlySet<string> {
  return new Set([place, clientPlace])
}

function reachedBy({ place, serverPlace }: Exchange): ReadonlySet<string> {
  return new Set([place, serverPlace])
}

function isTo({ dialledPlace }: Exchange, { serverPlace }: Exchange): boolean {
  return dialledPlace === undefined || dialledPlace === serverPlace
}

/** Whether the one hop led to the other through an app that passes its requests on unchanged: then only one of them is next to the wire. They are at different listeners, of the app and of its sidecar. */
function passesOn(clear: Exchange, outer: ClearSpan | undefined, inner: ClearSpan | undefined): boolean {
  return outer !== undefined && inner !== undefined && outer.listenerKey !== inner.listenerKey && outer.atMicros <= inner.atMicros && inner.endMicros <= outer.endMicros
    && !clear.isLed && clear.dialledPlace === undefined
}

function keyOf(place: string, { asked }: Exchange): string {
  return `${place}\n${asked}`
}

function insert(all: Map<string, Alike>, key: string, wire: Exchange): void {
  let alike = all.get(key)
  if (alike === undefined) all.set(key, alike = { line: new TimeLine(), longestMicros: 0 })
  alike.line.insert(wire)
  alike.longestMicros = Math.max(alike.longestMicros, endOf(wire) - wire.atMicros)
}

function remove(all: Map<string, Alike>, key: string, wire: Exchange): void {
  const alike = all.get(key)
  alike?.line.remove(wire)
  if (alike?.line.length === 0) all.delete(key)
}

function endOf({ endMicros, first }: Exchange): Micros {
  return first.message.elapsedMicros === undefined ? endMicros + UNANSWERED_MICROS : endMicros
}
