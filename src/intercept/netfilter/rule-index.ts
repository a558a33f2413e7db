import { lengthOf } from './address-range.ts'
import type { Passage } from './passage.ts'
import type { Chain, Match, Rule } from './ruleset.ts'

/** Shorter runs are walked as they are. */
const MIN_RUN = 16
const NONE: readonly Rule[] = []

type Key = 'destination-port' | 'destination' | 'source'

/** A run of rules that each ask for one port or one IPv4 prefix: those that may match are found by it. */
interface Run { readonly key: Key, readonly tables: ReadonlyMap<number, ReadonlyMap<number, readonly number[]>>, readonly rules: readonly Rule[] }

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
  for (const part of index.parts) {
    for (const rule of part.key === undefined ? part.rules : found(part, at)) rules.push(rule)
  }
  return rules
}

function found(run: Run, at: Passage): readonly Rule[] {
  const value = run.key === 'destination-port' ? at.destinationPort : (run.key === 'destination' ? at.destination : at.source).words[3]
  if (run.key !== 'destination-port' && at.version !== 4) return NONE
  const places: number[] = []
  for (const [length, table] of run.tables) {
    const masked = length === 0 ? 0 : (value & 0xffff_ffff << 32 - length) >>> 0
    const hit = table.get(masked)
    if (hit !== undefined) places.push(...hit)
  }
  if (places.length > 1) places.sort((a, b) => a - b)
  return places.map((place) => run.rules[place]!)
}

function makeIndex(rules: readonly Rule[]): ChainIndex {
  const parts: ChainIndex['parts'][number][] = []
  let plain: Rule[] = []
  const keys = rules.map(keyOf)
  for (let i = 0; i < rules.length;) {
    const key = keys[i]
    let end = i + 1
    while (key !== undefined && end < rules.length && keys[end] === key) end++
    if (key !== undefined && end - i >= MIN_RUN) {
      if (plain.length > 0) parts.push({ key: undefined, rules: plain })
      plain = []
      parts.push(makeRun(key, rules.slice(i, end)))
    } else plain.push(...rules.slice(i, end))
    i = end
  }
  if (plain.length > 0) parts.push({ key: undefined, rules: plain })
  return { rules, parts }
}

/** What the first condition that can be looked up asks for. */
function keyOf(rule: Rule): Key | undefined {
  for (const match of rule.matches) {
    const key = keyOfMatch(match)
    if (key !== undefined) return key
  }
  return undefined
}

function keyOfMatch(match: Match): Key | undefined {
  if (match.kind === 'unknown' || match.not) return undefined
  if (match.kind === 'port' && match.side === 'destination' && match.ranges.length === 1 && match.ranges[0]!.from === match.ranges[0]!.to) return 'destination-port'
  if (match.kind !== 'address' || match.ranges.length !== 1 || match.ranges[0]!.low.version !== 4 || lengthOf(match.ranges[0]!) === undefined) return undefined
  return match.side === 'source' ? 'source' : 'destination'
}

function makeRun(key: Key, rules: readonly Rule[]): Run {
  const tables = new Map<number, Map<number, number[]>>()
  rules.forEach((rule, place) => {
    const match = rule.matches.find((one) => keyOfMatch(one) === key)!
    const [length, value] = match.kind === 'port' ? [32, match.ranges[0]!.from] : match.kind === 'address' ? [lengthOf(match.ranges[0]!)!, match.ranges[0]!.low.words[3]] : [0, 0]
    const table = tables.get(length) ?? new Map<number, number[]>()
    tables.set(length, table)
    const places = table.get(value)
    if (places === undefined) table.set(value, [place])
    else places.push(place)
  })
  return { key, tables, rules }
}
