import type { AddressRange } from './address-range.ts'
import type { NumberRange } from './number-range.ts'

export type IpVersion = 4 | 6
export type Backend = 'iptables-nft' | 'iptables-legacy' | 'iptables' | 'nft'
export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
export type Side = 'source' | 'destination'
export type TrackState = 'new' | 'established' | 'related' | 'invalid' | 'untracked'
/** Which way a packet of a connection goes: as its first one did, or back. */
export type TrackDirection = 'original' | 'reply'

/** One condition of a rule. `not` negates what is compared, never what has to be there for the comparison (nft) at all. */
export type Match =
  | { readonly kind: 'version', readonly not: boolean, readonly version: IpVersion }
  | { readonly kind: 'protocol', readonly not: boolean, readonly numbers: readonly number[] }
  | { readonly kind: 'address', readonly not: boolean, readonly side: Side, readonly ranges: readonly AddressRange[] }
  | { readonly kind: 'port', readonly not: boolean, readonly side: Side | 'either', readonly protocol: number | undefined, readonly ranges: readonly NumberRange[] }
  /** `in` is empty for a packet that was made here. A name that ends in `+` is a beginning. */
  | { readonly kind: 'interface', readonly not: boolean, readonly way: 'in' | 'out', readonly names: readonly string[] }
  /** `semantics`: what a packet without a socket does, xtables taking the negation for true and nf_tables neither. */
  | { readonly kind: 'owner', readonly not: boolean, readonly who: 'uid' | 'gid', readonly ranges: readonly NumberRange[], readonly semantics: 'xtables' | 'nft' }
  | { readonly kind: 'socket-exists', readonly not: boolean }
  | { readonly kind: 'mark', readonly not: boolean, readonly of: 'packet' | 'connection', readonly mask: number, readonly ranges: readonly NumberRange[] }
  /** Without an entry or a zone that was set there is nothing to compare. */
  | { readonly kind: 'zone', readonly not: boolean, readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'state', readonly not: boolean, readonly states: readonly TrackState[] }
  /** `semantics`: what a packet without an entry does. `xtables-state`: a state stands in the same match, and xt_conntrack asks for nothing else then. */
  | { readonly kind: 'direction', readonly not: boolean, readonly directions: readonly TrackDirection[], readonly semantics: 'xtables' | 'xtables-state' | 'nft' }
  | { readonly kind: 'local-address', readonly not: boolean, readonly side: Side }
  | { readonly kind: 'tcp-flags', readonly not: boolean, readonly mask: number, readonly flags: number }
  /** `what` is what the text had. */
  | { readonly kind: 'unknown', readonly not: boolean, readonly what: string }

/** What a rule does once its conditions hold. */
export type Action =
  | { readonly kind: 'accept' | 'drop' | 'reject' | 'return' | 'nothing' | 'notrack' | 'masquerade' }
  | { readonly kind: 'jump' | 'goto', readonly chain: Chain }
  /** `ports` undefined: the port stays. */
  | { readonly kind: 'redirect', readonly ports: NumberRange | undefined }
  | { readonly kind: 'dnat' | 'snat', readonly address: AddressRange | undefined, readonly ports: NumberRange | undefined }
  /** `strict` (xtables): without a transparent listener the packet is dropped. nft goes on with the next rule then. */
  | { readonly kind: 'tproxy', readonly port: number, readonly address: AddressRange | undefined, readonly mark: MarkChange | undefined, readonly strict: boolean, readonly version: IpVersion | undefined }
  | { readonly kind: 'set-mark', readonly of: 'packet' | 'connection', readonly change: MarkChange }
  /** Copies the mark of the connection to the packet (`restore`) or the other way (`save`). */
  | { readonly kind: 'save-mark' | 'restore-mark', readonly packetMask: number, readonly connectionMask: number }
  | { readonly kind: 'zone', readonly zone: number }
  | { readonly kind: 'unknown', readonly what: string }

/** New mark = (mark & ~clear) ^ flip, all unsigned 32 bits. */
export interface MarkChange { readonly clear: number, readonly flip: number }

export type Step = Match | Action

export interface Rule {
  /** Line of the text that it stood in, from 1; for the JSON of nft the place in its list. */
  readonly line: number
  /** As written, without counters. */
  readonly text: string
  readonly chain: Chain
  /** nf_tables takes conditions and actions in turn; of xtables it is all conditions and one action. */
  readonly matches: readonly Match[]
  readonly actions: readonly Action[]
  /** An action stands before a condition, which only nft can say: the rule is then taken as unknown. */
  readonly mixed: boolean
}

export interface Base { readonly hook: Hook, readonly priority: number, readonly type: 'filter' | 'nat' | 'route', readonly policy: 'accept' | 'drop' }

export interface Chain {
  readonly name: string
  readonly table: Table
  readonly line: number
  base: Base | undefined
  rules: Rule[]
  /** False for a name that is jumped to and never defined: most likely an extension that is not known. */
  declared: boolean
}

export interface Table {
  readonly family: 'ip' | 'ip6' | 'inet'
  readonly name: string
  readonly backend: Backend
  readonly chains: Map<string, Chain>
}

/** Where a text breaks its format. Columns count from 1. */
export interface Problem { readonly line: number, readonly column: number, readonly what: string, readonly hint?: string }

export type Parsed = { readonly ok: true, readonly tables: Table[] } | { readonly ok: false, readonly problem: Problem }

export function versionsOf(table: Table): readonly IpVersion[] {
  return table.family === 'inet' ? [4, 6] : table.family === 'ip' ? [4] : [6]
}

export function countRules(tables: readonly Table[]): number {
  let count = 0
  for (const table of tables) for (const chain of table.chains.values()) count += chain.rules.length
  return count
}
