/** An IPv4 or IPv6 address and a port. */
export interface Address { readonly ip: string, readonly port: number }

/** Clear from the app on a loopback listener, mTLS to the other sidecar. */
export interface Outbound {
  /** Name of the called workload, sent as SNI. */
  readonly name: string
  readonly listen: Address
  readonly connect: Address
  /** The only SPIFFE ID that the other side may prove. */
  readonly serverId: string
}

/** mTLS on the workload's address, clear to the app. */
export interface Inbound {
  readonly listen: Address
  readonly forward: Address
  /** SPIFFE IDs that may call. */
  readonly clientIds: readonly string[]
}

/** All that the sidecar of one workload is told, whichever engine runs it. */
export interface SidecarConfig {
  readonly workload: string
  /** Paths of PEM files. */
  readonly certificateFile: string
  readonly privateKeyFile: string
  readonly rootFile: string
  readonly inbound?: Inbound | undefined
  readonly outbound: readonly Outbound[]
}

/** Said on every mTLS connection between sidecars, so that the application protocol inside stays the app's business. */
export const SIDECAR_ALPN = 'mtlscope'
/** Groups offered, best first. The first is hybrid post-quantum; peers without it take the second. */
export const KEY_EXCHANGE_GROUPS = ['X25519MLKEM768', 'X25519', 'P-256'] as const

export function addressText(address: Address): string {
  return address.ip.includes(':') ? `[${address.ip}]:${address.port}` : `${address.ip}:${address.port}`
}
