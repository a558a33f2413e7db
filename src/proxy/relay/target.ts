import type { HostPort, IdentityPatterns, MeshServer, SidecarPlan } from '../sidecar-plan.ts'
import { hostPortText } from './policy.ts'
import type { SocketAddress } from './socket-address.ts'
import { parseSocketAddress, socketAddressText } from './socket-address.ts'
import type { NameAddresses } from './thread-messages.ts'

/** Where an outbound connection, or the app's side of an inbound one, goes. */
export interface Target {
  /** Tried in turn. */
  readonly addresses: readonly SocketAddress[]
  /** Server name for TLS; undefined where the destination is an address. */
  readonly serverName: string | undefined
  /** `cart:8080` or an address: what the configuration calls it. */
  readonly text: string
  readonly identities: IdentityPatterns
  /** Protocol name to offer; undefined: that of the plan. */
  readonly alpn: string | undefined
}

/** Those that a plan names, with the addresses that they have at the time. */
export interface PlanTargets {
  readonly inbound: Target | undefined
  /** As in outbound.map. */
  readonly mapped: readonly Target[]
}

export const NO_TARGETS: PlanTargets = { inbound: undefined, mapped: [] }

export function planTargets({ inbound, outbound }: SidecarPlan, names: NameAddresses): PlanTargets {
  return {
    inbound: inbound?.to === undefined ? undefined : targetOf({ to: inbound.to, identities: [] }, names),
    mapped: (outbound?.map ?? []).map((mapped) => targetOf(mapped, names)),
  }
}

function targetOf({ to, identities, alpn }: MeshServer & { readonly to: HostPort }, names: NameAddresses): Target {
  const literal = parseSocketAddress(to.host, to.port)
  const addresses = literal === undefined ? (names[to.host] ?? []).map((address) => ({ ...address, port: to.port })) : [literal]
  return { addresses, serverName: literal === undefined ? to.host : undefined, text: hostPortText(to), identities, alpn }
}

/** Of a connection that was captured on its way there. */
export function capturedTarget(destination: SocketAddress, identities: IdentityPatterns = [], alpn?: string): Target {
  return { addresses: [destination], serverName: undefined, text: socketAddressText(destination), identities, alpn }
}
