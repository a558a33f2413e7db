import type { Destination } from '../../sidecar-plan.ts'
import { extension } from './json.ts'
import type { Json, JsonObject } from './json.ts'

/** Which filter chain a connection gets: the first rule that fits. */
export interface ChainRule {
  readonly chain: string
  /** None: every destination. */
  readonly destinations: readonly Destination[]
  /** Only what tls_inspector found to be TLS. */
  readonly tls?: boolean
}

const INPUTS = 'matching.common_inputs.network.v3.'
const MAX_PORT = 65_535

/**
 * `filter_chain_matcher` (xds.type.matcher.v3.Matcher). The older `filter_chain_match` picks by port before it looks at networks and
 * never goes back, so it cannot say "the first rule that fits".
 */
export function chainMatcher(rules: readonly ChainRule[], otherwise: string): JsonObject {
  const chain = (name: string): JsonObject => ({ action: { name, typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: name } } })
  if (rules.length === 0) return { on_no_match: chain(otherwise) }
  return {
    matcher_list: { matchers: rules.map((rule) => ({ predicate: predicate(rule), on_match: chain(rule.chain) })) },
    on_no_match: chain(otherwise),
  }
}

function predicate({ destinations, tls }: ChainRule): JsonObject {
  const where = anyOf(destinations.map(destination))
  return tls === true ? allOf([...destinations.length === 0 ? [] : [where], equals('TransportProtocolInput', { exact: 'tls' })]) : where
}

function destination({ network, fromPort, toPort }: Destination): JsonObject {
  const all: JsonObject[] = []
  if (fromPort !== 1 || toPort !== MAX_PORT) all.push(equals('DestinationPortInput', portMatch(fromPort, toPort)))
  if (network !== '') all.push(inNetwork(network))
  // Every address of a family: told apart by nothing but its form.
  return all.length === 0 ? equals('DestinationPortInput', { prefix: '' }) : allOf(all)
}

function portMatch(fromPort: number, toPort: number): JsonObject {
  return fromPort === toPort ? { exact: String(fromPort) } : { safe_regex: { google_re2: {}, regex: rangePattern(fromPort, toPort) } }
}

function equals(input: string, value: JsonObject): JsonObject {
  return { single_predicate: { input: extension(input, `${INPUTS}${input}`), value_match: value } }
}

function inNetwork(network: string): JsonObject {
  const [address, bits] = network.split('/')
  const prefix = bits === undefined ? (address!.includes(':') ? 128 : 32) : Number(bits)
  const range = { address_prefix: address!, prefix_len: prefix }
  return {
    single_predicate: {
      input: extension('DestinationIPInput', `${INPUTS}DestinationIPInput`),
      custom_match: extension('ip', 'matching.input_matchers.ip.v3.Ip', { cidr_ranges: [range], stat_prefix: 'destination' }),
    },
  }
}

/** An and of one, or an or of one, is refused by Envoy. */
function allOf(all: readonly JsonObject[]): JsonObject {
  return all.length === 1 ? all[0]! : { and_matcher: { predicate: all as readonly Json[] } }
}

function anyOf(all: readonly JsonObject[]): JsonObject {
  return all.length === 1 ? all[0]! : { or_matcher: { predicate: all as readonly Json[] } }
}

/** A regular expression for the whole numbers from one to another, written without leading zeros: `80-443` is `8\d|9\d|[1-3]\d\d|4[0-3]\d|44[0-3]`. */
export function rangePattern(from: number, to: number): string {
  const parts: string[] = []
  for (let low = from; low <= to;) {
    let step = 1
    while (low % (step * 10) === 0 && low + step * 10 - 1 <= to && String(low + step * 10 - 1).length === String(low).length) step *= 10
    let high = low + step - 1
    // As many neighbours as differ in that one digit only.
    while (high + step <= to && Math.floor((high + 1) / (step * 10)) === Math.floor(low / (step * 10)) && String(high + step).length === String(low).length) high += step
    parts.push(digits(low, high, step))
    low = high + 1
  }
  return parts.join('|')
}

function digits(low: number, high: number, step: number): string {
  const free = String(step).length - 1
  const [first, last] = [String(low), String(high)]
  const at = first.length - free - 1
  const digit = first[at] === last[at] ? first[at]! : `[${first[at]}-${last[at]}]`
  return first.slice(0, at) + digit + '[0-9]'.repeat(free)
}
