import { parseAddress } from '../../net/address.ts'
import type { AddressRange } from './address-range.ts'
import { orderedAddresses, prefixRange, single } from './address-range.ts'
import { isObject } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import type { NumberRange } from './number-range.ts'
import { orderedRanges, parseNumber } from './number-range.ts'
import { Elements } from './nft-elements.ts'
import { nftExpressionText } from './nft-expression-text.ts'
import type { NftSets } from './nft-sets.ts'
import { ownValue } from './own-value.ts'
import { protocolNumber } from './protocol-number.ts'
import type { IpVersion, Match, Side, Table, TrackDirection, TrackState } from './ruleset.ts'

export interface NftContext { readonly table: Table, readonly sets: NftSets }

const ALL = 0xffff_ffff
/** Names in one set, of which each is compared. */
const MAX_INTERFACES = 256
const STATES = new Set(['new', 'established', 'related', 'invalid', 'untracked'])
const DIRECTIONS = new Set(['original', 'reply'])
const SIDES: Record<string, Side> = { saddr: 'source', daddr: 'destination', sport: 'source', dport: 'destination' }

/** A `match` expression as the conditions it means: what the comparison needs to be there comes first, and is never negated. */
export function parseNftMatch(match: JsonObject, context: NftContext): Match[] {
  const values = valuesOf(match.right, context)
  const not = match.op === '!='
  const known = values !== undefined && isPlainOperator(match.op) ? comparison(match.left, normalise(match.op, values), not, match.op === 'in') : undefined
  return known ?? [{ kind: 'unknown', not: false, what: nftExpressionText({ match }).slice(0, 200) }]
}

function isPlainOperator(op: unknown): boolean {
  return op === '==' || op === '!=' || op === 'in' || op === '<' || op === '>' || op === '<=' || op === '>='
}

/** Orders become ranges. */
function normalise(op: unknown, values: readonly unknown[]): readonly unknown[] {
  const value = Number(values[0])
  if (op === '<') return [{ range: [0, value - 1] }]
  if (op === '<=') return [{ range: [0, value] }]
  if (op === '>') return [{ range: [value + 1, ALL] }]
  if (op === '>=') return [{ range: [value, ALL] }]
  return values
}

/** The elements of a set, of a named set, or the one value. Undefined for a set that is not known. */
function valuesOf(right: unknown, { table, sets }: NftContext): readonly unknown[] | undefined {
  if (typeof right === 'string' && right.startsWith('@')) return sets.find(table.family, table.name, right.slice(1))
  if (isObject(right) && Array.isArray(right.set)) return right.set
  return Array.isArray(right) ? right : [right]
}

function comparison(left: unknown, values: readonly unknown[], not: boolean, isFlags: boolean): Match[] | undefined {
  if (!isObject(left)) return undefined
  if (isObject(left.payload)) return isFlags ? undefined : payload(left.payload, values, not)
  if (isObject(left.meta)) return isFlags ? undefined : meta(String(left.meta.key), values, not, ALL)
  if (isObject(left.ct)) return connection(left.ct, values, not, isFlags, ALL)
  if (isObject(left.fib)) return isFlags ? undefined : fib(left.fib, values, not)
  return masked(left, values, not)
}

/** `meta mark and 0xfff == 0x539`. */
function masked(left: JsonObject, values: readonly unknown[], not: boolean): Match[] | undefined {
  const [inner, mask] = Array.isArray(left['&']) ? left['&'] as unknown[] : []
  if (!isObject(inner) || typeof mask !== 'number') return undefined
  if (isObject(inner.meta) && inner.meta.key === 'mark') return meta('mark', values, not, mask)
  return isObject(inner.ct) && inner.ct.key === 'mark' ? connection(inner.ct, values, not, false, mask) : undefined
}

function payload(at: JsonObject, values: readonly unknown[], not: boolean): Match[] | undefined {
  const protocol = String(at.protocol)
  const field = String(at.field)
  const side = ownValue(SIDES, field)
  if ((protocol === 'ip' || protocol === 'ip6') && side !== undefined) return address(protocol === 'ip' ? 4 : 6, side, values, not)
  if (protocol === 'ip' && field === 'protocol') return [versionMatch(4), ...protocols(values, not) ?? UNKNOWN]
  if (side === undefined) return undefined
  const ranges = numberRanges(values)
  const number = protocol === 'th' ? undefined : protocolNumber(protocol)
  if (ranges === undefined || protocol !== 'th' && number === undefined) return undefined
  const needs: Match[] = number === undefined ? [] : [{ kind: 'protocol', not: false, numbers: [number] }]
  return [...needs, { kind: 'port', not, side, protocol: number, ranges }]
}

const UNKNOWN: Match[] = [{ kind: 'unknown', not: false, what: 'protocol' }]

function versionMatch(version: IpVersion): Match {
  return { kind: 'version', not: false, version }
}

function address(version: IpVersion, side: Side, values: readonly unknown[], not: boolean): Match[] | undefined {
  const ranges = ADDRESSES.of(values)
  return ranges === undefined ? undefined : [versionMatch(version), { kind: 'address', not, side, ranges }]
}

export function addressRange(value: unknown): AddressRange | undefined {
  if (typeof value === 'string') {
    const address = parseAddress(value)
    return address === undefined ? undefined : single(address)
  }
  if (!isObject(value)) return undefined
  if (isObject(value.prefix)) {
    const base = parseAddress(String(value.prefix.addr))
    const length = Number(value.prefix.len)
    return base === undefined || !(length >= 0 && length <= (base.version === 4 ? 32 : 128)) ? undefined : prefixRange(base, length)
  }
  const [low, high] = Array.isArray(value.range) ? value.range.map((end) => parseAddress(String(end))) : []
  return low === undefined || high === undefined || low.version !== high.version ? undefined : { low, high }
}

function numberRanges(values: readonly unknown[]): readonly NumberRange[] | undefined {
  return NUMBERS.of(values)
}

export function numberRange(value: unknown): NumberRange | undefined {
  if (typeof value === 'number') return { from: value, to: value }
  if (typeof value === 'string') {
    const number = parseNumber(value)
    return number === undefined ? undefined : { from: number, to: number }
  }
  const [from, to] = isObject(value) && Array.isArray(value.range) ? value.range.map(Number) : []
  return from !== undefined && to !== undefined && from <= to ? { from, to } : undefined
}

function protocols(values: readonly unknown[], not: boolean): Match[] | undefined {
  const numbers = new Set(values.map((value) => protocolNumber(String(value))))
  return numbers.has(undefined) ? undefined : [{ kind: 'protocol', not, numbers: [...numbers] as number[] }]
}

function meta(key: string, values: readonly unknown[], not: boolean, mask: number): Match[] | undefined {
  if (key === 'l4proto') return protocols(values, not)
  if (key === 'nfproto') return family(values, not, 'ipv4', 'ipv6')
  if (key === 'protocol') return family(values, not, 'ip', 'ip6')
  if (key === 'iifname' || key === 'oifname' || key === 'iif' || key === 'oif') {
    if (values.length > MAX_INTERFACES) return undefined
    const names = values.map((value) => String(value).replace(/\*$/, '+'))
    return [{ kind: 'interface', not, way: key.startsWith('i') ? 'in' : 'out', names }]
  }
  const ranges = numberRanges(values)
  if (ranges === undefined) return undefined
  if (key === 'skuid' || key === 'skgid') return [{ kind: 'owner', not, who: key === 'skuid' ? 'uid' : 'gid', ranges, semantics: 'nft' }]
  return key === 'mark' ? [{ kind: 'mark', not, of: 'packet', mask, ranges }] : undefined
}

function family(values: readonly unknown[], not: boolean, v4: string, v6: string): Match[] | undefined {
  if (values.length !== 1 || values[0] !== v4 && values[0] !== v6) return undefined
  return [{ kind: 'version', not, version: values[0] === v4 ? 4 : 6 }]
}

function connection(at: JsonObject, values: readonly unknown[], not: boolean, isFlags: boolean, mask: number): Match[] | undefined {
  if (at.key === 'mark' && !isFlags) {
    const ranges = numberRanges(values)
    return ranges === undefined ? undefined : [{ kind: 'mark', not, of: 'connection', mask, ranges }]
  }
  if (at.key === 'zone' && !isFlags) {
    const ranges = numberRanges(values)
    return ranges === undefined || at.dir !== undefined ? undefined : [{ kind: 'zone', not, ranges }]
  }
  if (at.key === 'direction' && !isFlags && values.every((value) => DIRECTIONS.has(String(value)))) {
    return [{ kind: 'direction', not, directions: [...new Set(values.map(String))] as TrackDirection[], semantics: 'nft' }]
  }
  if (at.key !== 'state' || !values.every((value) => STATES.has(String(value)))) return undefined
  return [{ kind: 'state', not, states: [...new Set(values.map(String))] as TrackState[] }]
}

function fib(at: JsonObject, values: readonly unknown[], not: boolean): Match[] | undefined {
  const flags = Array.isArray(at.flags) ? at.flags.map(String) : [String(at.flags)]
  const side = flags.length === 1 ? ownValue(SIDES, flags[0]!) : undefined
  return at.result === 'type' && side !== undefined && values.length === 1 && values[0] === 'local' ? [{ kind: 'local-address', not, side }] : undefined
}

const ADDRESSES = new Elements(addressRange, orderedAddresses)
const NUMBERS = new Elements(numberRange, orderedRanges)
