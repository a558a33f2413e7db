import type { OutboundPlan, PortMode } from '../sidecar-plan.ts'

type OneOrMore<T> = T | readonly T[]

/** `mtlscope.yaml` as it is written, after its shape was checked. docs/sidecar.md says what each key means. */
export interface SidecarFile {
  readonly workload?: string
  readonly identity: IdentityKeys
  readonly inbound?: InboundKeys
  readonly outbound?: OutboundKeys
  readonly tls?: { readonly minVersion?: string | number, readonly groups?: readonly string[], readonly alpn?: string, readonly resumption?: boolean }
  readonly limits?: LimitsKeys
  readonly admin?: string | number
  readonly log?: 'text' | 'json'
  readonly threads?: number
  readonly mark?: number
  readonly tap?: boolean
}

export interface IdentityKeys {
  readonly dir?: string
  readonly key?: string
  readonly chain?: string
  readonly bundle?: string
  readonly ca?: { readonly address: string, readonly bundle: string, readonly token: string, readonly spiffeId?: string }
  readonly workloadApi?: string
}

export interface InboundKeys {
  readonly mode: 'redirect' | 'tproxy' | 'listen'
  readonly listen: OneOrMore<string | number>
  readonly to?: string
  readonly default?: PortMode
  readonly ports?: Readonly<Record<string, PortMode | { readonly mode?: PortMode, readonly allow?: readonly string[] }>>
  readonly allow?: readonly string[]
  readonly source?: 'sidecar' | 'caller' | 'proxy-protocol'
  readonly tunnel?: 'auto' | 'off'
}

export interface OutboundKeys {
  readonly mode?: OutboundPlan['mode']
  readonly tunnel?: 'auto' | 'off'
  readonly listen?: OneOrMore<string | number>
  readonly default?: OutboundPlan['default']
  readonly passthrough?: readonly string[]
  readonly expect?: readonly { readonly to: string, readonly identity: OneOrMore<string>, readonly alpn?: string }[]
  readonly map?: readonly { readonly listen: string, readonly to: string, readonly expect?: OneOrMore<string>, readonly alpn?: string }[]
}

export interface LimitsKeys {
  readonly connections?: number
  readonly buffer?: string
  readonly connectTimeout?: string
  readonly handshakeTimeout?: string
  readonly idleTimeout?: string
  readonly drainTimeout?: string
}
