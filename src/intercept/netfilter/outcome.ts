import type { Address } from '../../net/address.ts'
import type { Rule } from './ruleset.ts'
import type { Socket } from './world.ts'

/** Where a packet ends. */
export type Outcome =
  | {
    readonly kind: 'arrives'
    readonly how: 'direct' | 'redirect' | 'dnat' | 'tproxy'
    readonly address: Address
    readonly port: number | undefined
    /** What the accepted socket is bound to: with TPROXY not where the listener is, but where the packet went. */
    readonly localAddress: Address
    readonly localPort: number | undefined
    readonly originalAddress: Address
    readonly originalPort: number | undefined
    /** `none`: a REDIRECT is refused there. `unknown`: it was not asked who listens. */
    readonly listener: Socket | 'none' | 'unknown'
    readonly by: Rule | undefined
  }
  | { readonly kind: 'leaves', readonly interface: string, readonly address: Address, readonly port: number | undefined, readonly by: Rule | undefined }
  /** Without a rule it is a policy, or the kernel's own reason. */
  | { readonly kind: 'dropped' | 'rejected', readonly by: Rule | undefined, readonly why: string }
  | { readonly kind: 'unsendable', readonly by: undefined, readonly why: string }
  | { readonly kind: 'unknown', readonly by: Rule | undefined, readonly why: string }

export type TraceEntry =
  | { readonly kind: 'hook', readonly text: string }
  | { readonly kind: 'chain', readonly depth: number, readonly text: string }
  | { readonly kind: 'rule', readonly depth: number, readonly rule: Rule, readonly matched: 'yes' | 'no' | 'unknown', readonly why: string }
  | { readonly kind: 'note', readonly depth: number, readonly text: string }

export interface Walk {
  readonly outcome: Outcome
  readonly trace: readonly TraceEntry[]
  /** Steps that were left out of the trace. */
  readonly untraced: number
  /** Rules that were met, over all ways that were tried. */
  readonly steps: number
}
