import { isAddress, formatHostPort } from '../../config/addresses.ts'
import type { HostPort, InboundPlan, OutboundPlan, PortMode, SidecarPlan } from '../../sidecar-plan.ts'
import { BLACK_HOLE, DENIED, accessLog } from './access-log.ts'
import { chainMatcher } from './chain-matcher.ts'
import type { ChainRule } from './chain-matcher.ts'
import { extension, seconds, socketAddress } from './json.ts'
import type { Json, JsonObject } from './json.ts'
import { downstreamTls, upstreamTls } from './tls-context.ts'
import type { SecretFiles } from './tls-context.ts'

export interface Resources { readonly listeners: readonly JsonObject[], readonly clusters: readonly JsonObject[] }

/** A server that speaks first keeps its client silent: after so long it is taken for plaintext. */
const INSPECT_TIMEOUT = '1s'
const APP = 'app'
/** socket(7) */
const SOL_SOCKET = 1
const SO_MARK = 36
const BLACK_HOLE_CLUSTER = 'black-hole'

/** Envoy's listeners and clusters for a plan. */
export function planResources(plan: SidecarPlan, secrets: SecretFiles): Resources {
  return new ResourcePlanner(plan, secrets).plan()
}

class ResourcePlanner {
  readonly #plan: SidecarPlan
  readonly #secrets: SecretFiles
  readonly #clusters = new Map<string, JsonObject>()

  constructor(plan: SidecarPlan, secrets: SecretFiles) {
    this.#plan = plan
    this.#secrets = secrets
  }

  plan(): Resources {
    const { inbound, outbound } = this.#plan
    const listeners = [
      ...inbound === undefined ? [] : this.#inbound(inbound),
      ...outbound === undefined || outbound.mode === 'none' ? [] : this.#captured(outbound),
      ...(outbound?.map ?? []).map((entry) => this.#mapped(entry)),
    ]
    return { listeners, clusters: [...this.#clusters.values()] }
  }

  #inbound(written: InboundPlan): JsonObject[] {
    const inbound = written.mode === 'listen' ? withoutPorts(written) : written
    this.#addCluster(APP, inbound.to ?? 'original', inbound.source === 'proxy-protocol' ? proxyProtocol() : undefined)
    const rules: ChainRule[] = []
    const chains: JsonObject[] = []
    const ports = Object.entries(inbound.ports)
    for (const [port, mode] of ports) {
      const at = [{ network: '', fromPort: Number(port), toPort: Number(port) }]
      const allow = inbound.allow.ports[port] ?? inbound.allow.default
      for (const { name, chain, tls } of this.#chainsOf(mode, allow, `:${port}`)) {
        chains.push(chain)
        rules.push({ chain: name, destinations: at, tls })
      }
    }
    const others = this.#chainsOf(inbound.default, inbound.allow.default, '')
    for (const { name, chain, tls } of others) {
      chains.push(chain)
      if (tls) rules.push({ chain: name, destinations: [], tls })
    }
    const own = inbound.mode === 'listen' ? [] : this.#ownPorts()
    return inbound.listen.map((listen, i) => this.#listener(`inbound-${i}`, listen, 'inbound', {
      chains: [...own.length === 0 ? [] : [this.#chain(BLACK_HOLE, BLACK_HOLE_CLUSTER)], ...chains],
      rules: [...own, ...rules], otherwise: others.at(-1)!.name,
      filters: [...inbound.mode === 'listen' ? [] : [originalDestination()], ...inspector(inbound), ...inbound.source === 'caller' ? [originalSource()] : []],
      transparent: inbound.mode === 'tproxy' || inbound.source === 'caller',
    }))
  }

  /** The last one takes what the others leave. */
  #chainsOf(mode: PortMode, allow: readonly string[], suffix: string): { name: string, chain: JsonObject, tls: boolean }[] {
    const name = `inbound:${mode}${suffix}`
    const { tls } = this.#plan
    const chain = (chainName: string, socket?: JsonObject): JsonObject => this.#chain(chainName, APP, socket)
    if (mode === 'plaintext') return [{ name, chain: chain(`${name}`), tls: false }]
    if (mode === 'tls') return [{ name, chain: chain(name, downstreamTls(tls, this.#secrets, undefined, false)), tls: false }]
    if (mode === 'mtls') return [{ name, chain: chain(name, downstreamTls(tls, this.#secrets, allow, true)), tls: false }]
    return [
      { name, chain: chain(name, downstreamTls(tls, this.#secrets, allow, false)), tls: true },
      { name: `${name}:plaintext`, chain: chain(`${name}:plaintext`), tls: false },
    ]
  }

  #captured(outbound: OutboundPlan): JsonObject[] {
    const chains: JsonObject[] = []
    const rules = this.#ownPorts()
    if (rules.length > 0) chains.push(this.#chain(BLACK_HOLE, BLACK_HOLE_CLUSTER))
    const add = (name: string, cluster: string, destinations?: ChainRule['destinations']): void => {
      if (!chains.some((chain) => chain.name === name)) chains.push(this.#chain(name, cluster))
      if (destinations !== undefined && destinations.length > 0) rules.push({ chain: name, destinations })
    }
    if (outbound.passthrough.length > 0 || outbound.default === 'passthrough') this.#addCluster('passthrough', 'original')
    if (outbound.passthrough.length > 0) add('outbound:passthrough', 'passthrough', outbound.passthrough)
    outbound.expect.forEach((expected, i) => {
      this.#addCluster(`expect-${i}`, 'original', upstreamTls(this.#plan.tls, this.#secrets, expected, undefined))
      add(`outbound:expect-${i}`, `expect-${i}`, [expected.to])
    })
    const otherwise = outbound.default === 'deny' ? DENIED : `outbound:${outbound.default}`
    if (outbound.default === 'mesh') this.#addCluster('mesh', 'original', upstreamTls(this.#plan.tls, this.#secrets, { identities: [] }, undefined))
    if (outbound.default === 'deny') this.#addCluster(BLACK_HOLE_CLUSTER, 'nowhere')
    add(otherwise, outbound.default === 'deny' ? BLACK_HOLE_CLUSTER : outbound.default)
    return outbound.listen.map((listen, i) => this.#listener(`outbound-${i}`, listen, 'outbound', {
      chains, rules, otherwise, filters: [originalDestination()], transparent: outbound.mode === 'tproxy',
    }))
  }

  #mapped(entry: OutboundPlan['map'][number]): JsonObject {
    const { listen, to } = entry
    const name = `map ${formatHostPort(listen)}`
    this.#addCluster(name, to, upstreamTls(this.#plan.tls, this.#secrets, entry, isAddress(to.host) ? undefined : to.host))
    const chain = 'outbound:map'
    return this.#listener(name, listen, 'outbound', { chains: [this.#chain(chain, name)], rules: [], otherwise: chain, filters: [], transparent: false })
  }

  #listener(name: string, { host, port }: HostPort, direction: 'inbound' | 'outbound', { chains, rules, otherwise, filters, transparent }: ListenerParts): JsonObject {
    return {
      name, address: socketAddress(host, port), traffic_direction: direction.toUpperCase(),
      ...transparent ? { transparent } : {},
      per_connection_buffer_limit_bytes: this.#plan.limits.bufferBytes,
      listener_filters: filters,
      ...filters.length === 0 ? {} : { listener_filters_timeout: INSPECT_TIMEOUT, continue_on_listener_filters_timeout: true },
      ...chains.length === 1 ? {} : { filter_chain_matcher: chainMatcher(rules, otherwise) },
      filter_chains: chains, access_log: [accessLog(direction)],
    }
  }

  #chain(name: string, cluster: string, socket?: JsonObject): JsonObject {
    const { bufferBytes, idleTimeoutMs, handshakeTimeoutMs } = this.#plan.limits
    return {
      name, transport_socket_connect_timeout: seconds(handshakeTimeoutMs),
      filters: [extension('envoy.filters.network.tcp_proxy', 'filters.network.tcp_proxy.v3.TcpProxy', {
        stat_prefix: cluster, cluster, idle_timeout: seconds(idleTimeoutMs),
        // Without it the app would get a connection from whoever knocks.
        ...socket === undefined ? {} : { upstream_connect_mode: 'ON_DOWNSTREAM_TLS_HANDSHAKE', max_early_data_bytes: bufferBytes },
      })],
      ...socket === undefined ? {} : { transport_socket: socket },
    }
  }

  #addCluster(name: string, to: HostPort | 'original' | 'nowhere', socket?: JsonObject): void {
    const { connectTimeoutMs, bufferBytes } = this.#plan.limits
    this.#clusters.set(name, {
      name, connect_timeout: seconds(connectTimeoutMs), per_connection_buffer_limit_bytes: bufferBytes,
      ...to === 'original' ? { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' } : to === 'nowhere' ? { type: 'STATIC' } : endpoint(name, to),
      ...socket === undefined ? {} : { transport_socket: socket },
      ...this.#plan.mark === undefined ? {} : { upstream_bind_config: { socket_options: [mark(this.#plan.mark)] } },
    })
  }

  /** What arrives with a port of the sidecar itself as destination was sent to it directly; on its way there it would come here again and again. */
  #ownPorts(): ChainRule[] {
    this.#addCluster(BLACK_HOLE_CLUSTER, 'nowhere')
    const ports = new Set([...this.#plan.inbound?.listen ?? [], ...this.#plan.outbound?.listen ?? []].map(({ port }) => port))
    return [{ chain: BLACK_HOLE, destinations: [...ports].map((port) => ({ network: '', fromPort: port, toPort: port })) }]
  }
}

interface ListenerParts {
  readonly chains: readonly JsonObject[]
  readonly rules: readonly ChainRule[]
  readonly otherwise: string
  readonly filters: readonly Json[]
  readonly transparent: boolean
}

/** Without interception every connection goes to `to`: what is said of its port is said of all. */
function withoutPorts(inbound: InboundPlan): InboundPlan {
  const port = String(inbound.to?.port)
  return { ...inbound, default: inbound.ports[port] ?? inbound.default, ports: {}, allow: { default: inbound.allow.ports[port] ?? inbound.allow.default, ports: {} } }
}

function endpoint(name: string, { host, port }: HostPort): JsonObject {
  return {
    ...isAddress(host) ? { type: 'STATIC' } : { type: 'STRICT_DNS', dns_lookup_family: 'V4_PREFERRED' },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(host, port) } }] }] },
  }
}

function mark(value: number): JsonObject {
  return { description: 'SO_MARK', level: SOL_SOCKET, name: SO_MARK, int_value: value, state: 'STATE_PREBIND' }
}

function originalDestination(): JsonObject {
  return extension('envoy.filters.listener.original_dst', 'filters.listener.original_dst.v3.OriginalDst')
}

function originalSource(): JsonObject {
  return extension('envoy.filters.listener.original_src', 'filters.listener.original_src.v3.OriginalSrc')
}

function proxyProtocol(): JsonObject {
  const plain = extension('envoy.transport_sockets.raw_buffer', 'transport_sockets.raw_buffer.v3.RawBuffer')
  return extension('envoy.transport_sockets.upstream_proxy_protocol', 'transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport', { config: { version: 'V2' }, transport_socket: plain })
}

/** Looks at first bytes where permissive ports are; elsewhere it would only keep clients of servers that speak first waiting. */
function inspector(inbound: InboundPlan): JsonObject[] {
  const ports = Object.entries(inbound.ports)
  const isDefault = inbound.default === 'permissive'
  const asked = ports.filter(([, mode]) => (mode === 'permissive') !== isDefault).map(([port]) => portRange(Number(port)))
  if (!isDefault && asked.length === 0) return []
  const filter = extension('envoy.filters.listener.tls_inspector', 'filters.listener.tls_inspector.v3.TlsInspector')
  if (asked.length === 0) return [filter]
  const any = asked.length === 1 ? asked[0]! : { or_match: { rules: asked } }
  return [{ ...filter, filter_disabled: isDefault ? any : { not_match: any } }]
}

function portRange(port: number): JsonObject {
  return { destination_port_range: { start: port, end: port + 1 } }
}
