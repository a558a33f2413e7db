import type { NumberRange } from '../netfilter/number-range.ts'
import type { Action, IpVersion, Match } from '../netfilter/ruleset.ts'

export const TABLE_NAMES = ['raw', 'mangle', 'nat', 'filter'] as const
export type TableName = (typeof TABLE_NAMES)[number]
export const PRESETS = ['mtlscope', 'istio', 'linkerd', 'osm', 'contrast'] as const
export type Preset = (typeof PRESETS)[number]

/** What a rule does. `jump` names a chain of the same table. */
export type PlannedAction =
  | Exclude<Action, { kind: 'jump' | 'goto' } | { kind: 'unknown' }>
  | { readonly kind: 'jump', readonly to: string }

/** One rule of the chain, for the families in `versions`. Chains with the names of hooks in capitals are the kernel's own. */
export interface PlannedRule {
  readonly table: TableName
  readonly chain: string
  readonly versions: readonly IpVersion[]
  readonly matches: readonly Match[]
  readonly action: PlannedAction
}

/** An `ip rule` with what its table has in it: `local default dev lo`. */
export interface PlannedRoute { readonly version: IpVersion, readonly mark: number, readonly table: number, readonly priority: number }

/** An address that `lo` has to have. */
export interface PlannedAddress { readonly version: IpVersion, readonly address: string, readonly length: number }

/** Everything that intercepts the traffic of a namespace, as data: in the order in which a packet meets it. */
export interface Plan {
  readonly preset: Preset
  /** Families that there are rules for. */
  readonly versions: readonly IpVersion[]
  readonly rules: readonly PlannedRule[]
  /** Where the rules of the kernel's own chains go: before what others have there, or behind it. */
  readonly place: 'first' | 'last'
  readonly routes: readonly PlannedRoute[]
  readonly addresses: readonly PlannedAddress[]
  /** What goes around the proxy by intention, a sentence each. */
  readonly exemptions: readonly string[]
  readonly proxy: ProxyIdentity
}

/** Who is exempted, and where it has to listen. Ports are undefined where nothing of that direction is intercepted. */
export interface ProxyIdentity {
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  readonly outboundPort: number | undefined
  readonly inboundPort: number | undefined
  /** Its inbound listener must be transparent (IP_TRANSPARENT). */
  readonly isTransparent: boolean
}

const BASE = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/

export function isBaseChain(name: string): boolean {
  return BASE.test(name)
}

/** Ends that are the same become one number. */
export function portText({ from, to }: NumberRange, separator: string): string {
  return from === to ? `${from}` : `${from}${separator}${to}`
}
