import type { Side } from '../../model/side.ts'
import type { Exchange } from './exchange.ts'
import { DELIVER, PUBLISH } from './methods.ts'
import type { Said } from './said.ts'

/** What is open on one channel. */
export class Channel {
  /** A method with content of which header and body are still coming, by side. */
  readonly content: [Said | undefined, Said | undefined] = [undefined, undefined]
  /** Synchronous methods without their answer, by the side that said them. */
  readonly sync: [Exchange[], Exchange[]] = [[], []]
  /** Publishes without their confirm, by their number; deliveries without their acknowledgement, by delivery tag. */
  readonly published = new Map<number, Exchange>()
  readonly delivered = new Map<number, Exchange>()
  /** After Confirm.Select: how many were published. */
  publishes = -1
  /** Consumers that acknowledge nothing. */
  readonly silent = new Set<string>()

  /** The oldest that said answers, taken out. */
  takeSync(asker: Side, fits: (exchange: Exchange) => boolean): Exchange | undefined {
    const waiting = this.sync[asker]
    const index = waiting.findIndex(fits)
    return index < 0 ? undefined : waiting.splice(index, 1)[0]
  }

  /** Those that an acknowledgement is about: one, or all up to it (tag 0: all). */
  static take(waiting: Map<number, Exchange>, tag: number, isMultiple: boolean): Exchange[] {
    const taken: Exchange[] = []
    if (!isMultiple) {
      const one = waiting.get(tag)
      if (one !== undefined) taken.push(one)
      waiting.delete(tag)
      return taken
    }
    for (const [key, exchange] of waiting) {
      if (tag !== 0 && key > tag) continue
      taken.push(exchange)
      waiting.delete(key)
    }
    return taken
  }

  get waiting(): Exchange[] {
    return [...this.sync[0], ...this.sync[1], ...this.published.values(), ...this.delivered.values()]
  }

  /** Forgets one that was given up. */
  drop(exchange: Exchange): void {
    const { method, side } = exchange.asked!
    if (method.id === PUBLISH) this.published.delete(exchange.tag)
    else if (method.id === DELIVER) this.delivered.delete(exchange.tag)
    else {
      const waiting = this.sync[side]
      if (waiting[0] === exchange) waiting.shift()
      else waiting.splice(waiting.indexOf(exchange) >>> 0, 1)
    }
  }
}
