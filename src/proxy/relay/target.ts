import type { HostPort, IdentityPatterns, MeshServer } from '../sidecar-plan.ts'
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

/** Of a place that the plan names. */
export function targetOf({ to, identities, alpn }: MeshServer & { readonly to: HostPort }, names: NameAddresses): Target {
  const literal = parseSocketAddress(to.host, to.port)
  const addresses = literal === undefined ? (names[to.host] ?? []).map((address) => ({ ...address, port: to.port })) : [literal]
  return { addresses, serverName: literal === undefined ? to.host : undefined, text: hostPortText(to), identities, alpn }
}

/** Of a connection that was captured on its way there. */
export function capturedTarget(destination: SocketAddress, identities: IdentityPatterns = [], alpn?: string): Target {
  return { addresses: [destination], serverName: undefined, text: socketAddressText(destination), identities, alpn }
}
