/**
 * What a sidecar is to do, with every default filled in: plain data that the configuration is read into, that the relay runs,
 * that Envoy's configuration is made of, and that `/config` shows.
 */
export interface SidecarPlan {
  /** Name in logs and metrics. */
  readonly workload: string
  readonly identity: IdentityPlan
  readonly inbound: InboundPlan | undefined
  readonly outbound: OutboundPlan | undefined
  readonly tls: TlsPlan
  readonly limits: LimitsPlan
  /** Loopback only. */
  readonly admin: HostPort
  readonly log: 'text' | 'json'
  /** Relay threads, each with all listeners (SO_REUSEPORT). */
  readonly threads: number
  /** Whether the admin endpoint hands out the plaintext that passes. */
  readonly tap?: boolean
  /** SO_MARK of the connections that it opens, by which interception tells them from the app's; needs CAP_NET_ADMIN. */
  readonly mark?: number
}

/** `host` is an address or a name; a listener's is an address, `::` and `0.0.0.0` are the wildcards. */
export interface HostPort { readonly host: string, readonly port: number }

/** Where key, certificate chain and trust bundle come from. Paths are absolute. */
export type IdentityPlan =
  | { readonly kind: 'files', readonly key: string, readonly chain: string, readonly bundle: string }
  /** `mtlscope ca serve`: `bundle` verifies it, `token` is a file with the bearer token; without `spiffeId` that of the token's service account. */
  | { readonly kind: 'ca', readonly address: HostPort, readonly bundle: string, readonly token: string, readonly spiffeId?: string }
  | { readonly kind: 'workload-api', readonly socket: string }

/**
 * `mtls`: TLS with a client certificate. `tls`: none is asked for. `permissive`: mTLS, TLS and plaintext, told apart by the first
 * bytes. `plaintext`: handed on as it comes.
 */
export type PortMode = 'mtls' | 'tls' | 'permissive' | 'plaintext'

/** Identities of a peer: SPIFFE ids (`spiffe://…`) or DNS names. With a trailing `*` a prefix. Empty: whoever the bundle vouches for. */
export type IdentityPatterns = readonly string[]

export interface InboundPlan {
  /** `redirect`: SO_ORIGINAL_DST tells where it was going. `tproxy`: the socket's own address does. `listen`: to `to`. */
  readonly mode: 'redirect' | 'tproxy' | 'listen'
  readonly listen: readonly HostPort[]
  readonly to: HostPort | undefined
  /** For each original destination port that `ports` does not name. */
  readonly default: PortMode
  readonly ports: Readonly<Record<string, PortMode>>
  /** Who may call. `ports` wins over `default` where it names the port. Only where a client certificate is asked for. */
  readonly allow: { readonly default: IdentityPatterns, readonly ports: Readonly<Record<string, IdentityPatterns>> }
  /** What the app sees as its peer: the sidecar, the caller's own address (needs IP_TRANSPARENT), or a PROXY protocol v2 header. */
  readonly source: 'sidecar' | 'caller' | 'proxy-protocol'
  /** `auto`: callers' sidecars that ask for it may send many connections in one. */
  readonly tunnel: 'auto' | 'off'
}

export interface OutboundPlan {
  /** Transparent capture, beside or instead of the explicit listeners of `map`. */
  readonly mode: 'redirect' | 'tproxy' | 'none'
  readonly listen: readonly HostPort[]
  /** For what no rule names: wrapped in mTLS to the original destination, refused, or handed on as it is. */
  readonly default: 'mesh' | 'deny' | 'passthrough'
  readonly passthrough: readonly Destination[]
  /** Which identity the server at a destination must have (secure naming). The first that fits counts. */
  readonly expect: readonly (MeshServer & { readonly to: Destination })[]
  readonly map: readonly (MeshServer & { readonly listen: HostPort, readonly to: HostPort })[]
  /** `auto`: connections to a sidecar that can do it go together in one. */
  readonly tunnel: 'auto' | 'off'
}

/** Who answers at a destination of the mesh. */
export interface MeshServer {
  readonly identities: IdentityPatterns
  /** Protocol name to offer there instead of `tls.alpn`. */
  readonly alpn?: string
}

/** An address or a network in CIDR form, with a range of ports; every port where none is named. */
export interface Destination { readonly network: string, readonly fromPort: number, readonly toPort: number }

export interface TlsPlan {
  readonly minVersion: '1.2' | '1.3'
  /** In order of preference; those that OpenSSL does not know are left out and said so. */
  readonly groups: readonly string[]
  readonly alpn: string
  readonly resumption: boolean
}

export interface LimitsPlan {
  readonly connections: number
  /** Of what waits to be written, each way of each connection; then its source is read no more. */
  readonly bufferBytes: number
  readonly connectTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** 0: none. */
  readonly idleTimeoutMs: number
  /** After SIGTERM connections may go on for so long. */
  readonly drainTimeoutMs: number
}
