import { lengthOf } from './address-range.ts'
import type { AddressRange } from './address-range.ts'
import type { Passage } from './passage.ts'
import type { Chain, Match, Rule } from './ruleset.ts'

/** Shorter runs are walked as they are. */
const MIN_RUN = 16

type Key = 'destination-port' | 'destination' | 'source'

/** A run of rules that each ask for one port or one IPv4 prefix: those that may match are found by it. */
interface Run { readonly key: Key, readonly tables: readonly Lookup[], readonly rules: readonly Rule[] }

/** Places in the run by the value under one mask: prefixes of one length, or ports. */
interface Lookup { readonly mask: number, readonly places: Map<number, number[]> }

interface ChainIndex { readonly rules: readonly Rule[], readonly parts: readonly (Run | { readonly key: undefined, readonly rules: readonly Rule[] })[] }

const INDEXES = new WeakMap<Chain, ChainIndex>()

/**
 * Those of a chain's rules that can match the packet, in their order: thousands of exempted ports or networks are one look.
 * A rule that is left out does not match; whether one that is in the answer does is still to be tested.
 */
export function candidateRules(chain: Chain, at: Passage): readonly Rule[] {
  if (chain.rules.length < MIN_RUN) return chain.rules
  let index = INDEXES.get(chain)
  if (index === undefined || index.rules !== chain.rules) {
    index = makeIndex(chain.rules)
    INDEXES.set(chain, index)
  }
  if (index.parts.length === 1 && index.parts[0]!.key === undefined) return chain.rules
  const rules: Rule[] = []
  for (let i = 0; i < index.parts.length; i++) {
    const part = index.parts[i]!
    if (part.key === undefined) for (let n = 0; n < part.rules.length; n++) rules.push(part.rules[n]!)
    else addFound(rules, part, at)
  }
  return rules
}

function addFound(rules: Rule[], { key, tables, rules: all }: Run, at: Passage): void {
  if (key !== 'destination-port' && at.version !== 4) return
  const value = key === 'destination-port' ? at.destinationPort : (key === 'destination' ? at.destination : at.source).words[3]
  let places: readonly number[] | undefined
  for (let i = 0; i < tables.length; i++) {
    const { mask, places: byValue } = tables[i]!
    const hit = byValue.get((value & mask) >>> 0)
    if (hit !== undefined) places = places === undefined ? hit : [...places, ...hit].sort((a, b) => a - b)
  }
  if (places !== undefined) for (let i = 0; i < places.length; i++) rules.push(all[places[i]!]!)
}

function makeIndex(rules: readonly Rule[]): ChainIndex {
  const parts: ChainIndex['parts'][number][] = []
  let plain: Rule[] = []
  const found = rules.map(findMatch)
  const keys = found.map((match) => match === undefined ? undefined : keyOfMatch(match))
  for (let i = 0; i < rules.length;) {
    const key = keys[i]
    let end = i + 1
    while (key !== undefined && end < rules.length && keys[end] === key) end++
    if (key !== undefined && end - i >= MIN_RUN) {
      if (plain.length > 0) parts.push({ key: undefined, rules: plain })
      plain = []
      parts.push(makeRun(key, rules.slice(i, end), found.slice(i, end) as Match[]))
    } else plain.push(...rules.slice(i, end))
    i = end
  }
  if (plain.length > 0) parts.push({ key: undefined, rules: plain })
  return { rules, parts }
}

/** The first condition that can be looked up. */
function findMatch(rule: Rule): Match | undefined {
  for (let i = 0; i < rule.matches.length; i++) if (keyOfMatch(rule.matches[i]!) !== undefined) return rule.matches[i]
  return undefined
}

function keyOfMatch(match: Match): Key | undefined {
  if (match.kind === 'unknown' || match.not) return undefined
  if (match.kind === 'port' && match.side === 'destination' && match.ranges.length === 1 && match.ranges[0]!.from === match.ranges[0]!.to) return 'destination-port'
  if (match.kind !== 'address' || match.ranges.length !== 1 || match.ranges[0]!.low.version !== 4 || lengthOf(match.ranges[0]!) === undefined) return undefined
  return match.side === 'source' ? 'source' : 'destination'
}

function makeRun(key: Key, rules: readonly Rule[], matches: readonly Match[]): Run {
  const tables: Lookup[] = []
  for (let place = 0; place < matches.length; place++) {
    const match = matches[place]!
    if (match.kind === 'port') addPlace(tables, 0xffff_ffff, match.ranges[0]!.from, place)
    else if (match.kind === 'address') addPlace(tables, maskOf(match.ranges[0]!), match.ranges[0]!.low.words[3], place)
  }
  return { key, tables, rules }
}

/** Of an IPv4 prefix: its ends differ in all bits that the mask leaves out. */
function maskOf({ low, high }: AddressRange): number {
  return ~(low.words[3] ^ high.words[3]) >>> 0
}

function addPlace(tables: Lookup[], mask: number, value: number, place: number): void {
  let table = tables.find((one) => one.mask === mask)
  if (table === undefined) tables.push(table = { mask, places: new Map() })
  const places = table.places.get(value)
  if (places === undefined) table.places.set(value, [place])
  else places.push(place)
}
