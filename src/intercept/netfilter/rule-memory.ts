import { parsePrefix } from './address-range.ts'
import type { AddressRange } from './address-range.ts'
import { MAX_REMEMBERED, MAX_REMEMBERED_TEXT } from './limits.ts'
import type { Match, Side, Table } from './ruleset.ts'

/**
 * What was read before: the pods of a node have nearly the same rules. One for all texts makes each of its conditions once for all rules,
 * and a text that comes again is not read again. Nobody changes what it gives.
 */
export class RuleMemory {
  readonly #texts = new Map<string, Map<string, readonly Table[]>>()
  #characters = 0
  readonly #prefixes = new Map<string, AddressRange>()
  readonly #addresses = { source: new Map<string, Match>(), destination: new Map<string, Match>() }
  readonly #ports = new Map<number, Match>()

  /** `kind`: what else the meaning of a text depends on. */
  tables(kind: string, text: string): readonly Table[] | undefined {
    return this.#texts.get(kind)?.get(text)
  }

  keep(kind: string, text: string, tables: readonly Table[]): void {
    this.#characters += text.length
    if (this.#characters > MAX_REMEMBERED_TEXT) return
    const texts = this.#texts.get(kind)
    if (texts === undefined) this.#texts.set(kind, new Map([[text, tables]]))
    else texts.set(text, tables)
  }

  prefix(text: string): AddressRange | undefined {
    const known = this.#prefixes.get(text)
    if (known !== undefined) return known
    const range = parsePrefix(text)
    if (range !== undefined && this.#prefixes.size < MAX_REMEMBERED) this.#prefixes.set(text, range)
    return range
  }

  /** The condition on one address or network; undefined where the text is none. */
  address(side: Side, text: string): Extract<Match, { kind: 'address' }> | undefined {
    const map = this.#addresses[side]
    const known = map.get(text)
    if (known !== undefined) return known as Extract<Match, { kind: 'address' }>
    const range = this.prefix(text)
    if (range === undefined) return undefined
    const match = { kind: 'address', not: false, side, ranges: [range] } as const
    if (map.size < MAX_REMEMBERED) map.set(text, match)
    return match
  }

  /** The condition on one port. There are only so many of them. */
  port(side: Side, protocol: number, port: number): Match {
    const key = (protocol * 2 + (side === 'source' ? 1 : 0)) * 65_536 + port
    let match = this.#ports.get(key)
    if (match === undefined) this.#ports.set(key, match = { kind: 'port', not: false, side, protocol, ranges: [{ from: port, to: port }] })
    return match
  }
}
