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

/** All that such an Envoy is told. */
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
const SIDECAR_ALPN = 'mtlscope'
/** Groups offered, best first. The first is hybrid post-quantum; peers without it take the second. */
const KEY_EXCHANGE_GROUPS = ['X25519MLKEM768', 'X25519', 'P-256'] as const

type Json = string | number | boolean | Json[] | { [key: string]: Json }

const TYPES = 'type.googleapis.com/envoy.extensions.'
const CONNECT_TIMEOUT = '10s'

/** Static bootstrap configuration of an Envoy as sidecar with fixed places, for tests that need the real Envoy and not ours: https://www.envoyproxy.io/docs/envoy/latest/api-v3/api. JSON is valid where Envoy wants YAML. */
export function planEnvoy(config: SidecarConfig, adminSocket: string): Json {
  const outbound = config.outbound
  // No name to match would mean any name: a workload that nobody may call gets no listener.
  const inbound = config.inbound?.clientIds.length ? config.inbound : undefined
  return {
    node: { id: config.workload, cluster: config.workload },
    admin: { address: { pipe: { path: adminSocket } } },
    static_resources: {
      listeners: [
        ...outbound.map((o) => listener(`outbound_${o.name}`, o.listen, { filters: [tcpProxy(`outbound_${o.name}`)] })),
        ...inbound === undefined ? [] : [inboundListener(config, inbound)],
      ],
      clusters: [
        ...outbound.map((o) => ({ ...cluster(`outbound_${o.name}`, o.connect), transport_socket: upstreamTls(config, o) })),
        ...inbound === undefined ? [] : [cluster('app', inbound.forward)],
      ],
    },
  }
}

function inboundListener(config: SidecarConfig, inbound: Inbound): Json {
  return listener('inbound', inbound.listen, {
    filters: [tcpProxy('app')],
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': `${TYPES}transport_sockets.tls.v3.DownstreamTlsContext`,
        require_client_certificate: true,
        common_tls_context: tlsContext(config, inbound.clientIds),
      },
    },
  })
}

function upstreamTls(config: SidecarConfig, outbound: Outbound): Json {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${TYPES}transport_sockets.tls.v3.UpstreamTlsContext`,
      sni: outbound.name,
      common_tls_context: tlsContext(config, [outbound.serverId]),
    },
  }
}

function tlsContext(config: SidecarConfig, peerIds: readonly string[]): Json {
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3', ecdh_curves: [...KEY_EXCHANGE_GROUPS] },
    alpn_protocols: [SIDECAR_ALPN],
    tls_certificates: [{ certificate_chain: { filename: config.certificateFile }, private_key: { filename: config.privateKeyFile } }],
    validation_context: {
      trusted_ca: { filename: config.rootFile },
      match_typed_subject_alt_names: peerIds.map((exact) => ({ san_type: 'URI', matcher: { exact } })),
    },
  }
}

function listener(name: string, address: Address, chain: { [key: string]: Json }): Json {
  return { name, address: socketAddress(address), filter_chains: [chain] }
}

function tcpProxy(clusterName: string): Json {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: { '@type': `${TYPES}filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: clusterName, cluster: clusterName },
  }
}

function cluster(name: string, address: Address): { [key: string]: Json } {
  return {
    name, type: 'STATIC', connect_timeout: CONNECT_TIMEOUT,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }] },
  }
}

function socketAddress(address: Address): Json {
  return { socket_address: { address: address.ip, port_value: address.port } }
}
