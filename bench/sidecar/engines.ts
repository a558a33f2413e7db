import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import { DEFAULT_LIMITS } from '../../src/proxy/config/defaults.ts'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import type { SidecarPlan } from '../../src/proxy/sidecar-plan.ts'

/** The ports of the set-up: client → `entry` (clear) → `wire` (mTLS) → `app` (clear). */
export const PORTS = { entry: 9000, wire: 9443, app: 8080 }
export const ADDRESS = { client: '10.77.0.1', server: '10.77.0.2' }

/** A proxy that can be both sidecars of the pair. */
export interface Engine {
  readonly name: string
  readonly inbound: readonly string[]
  readonly outbound: readonly string[]
}

export interface EngineOptions { readonly threads: number, readonly resumption: boolean, readonly groups: readonly string[], readonly tunnel: 'auto' | 'off' }

export const USUAL: EngineOptions = { threads: 1, resumption: true, groups: ['X25519'], tunnel: 'auto' }
const OURS = fileURLToPath(new URL('./relay-process.ts', import.meta.url))
const HOUR_MS = 3600_000

/** Certificates of a CA made for the run: web calls cart. */
export async function writeIdentities(folder: string): Promise<void> {
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + 12 * HOUR_MS) }
  const ca = await CertificateAuthority.create('bench.example', validity)
  writeFileSync(join(folder, 'ca.pem'), ca.certificatePem)
  for (const name of ['web', 'cart']) {
    const svid = await ca.issue({ spiffeId: `spiffe://bench.example/${name}`, dnsNames: [name], ...validity })
    writeFileSync(join(folder, `${name}.pem`), svid.certificatePem)
    writeFileSync(join(folder, `${name}.key`), svid.privateKeyPem, { mode: 0o600 })
    writeFileSync(join(folder, `${name}.both`), svid.certificatePem + svid.privateKeyPem, { mode: 0o600 })
  }
}

/** Ours with and without tunnels, HAProxy, Envoy. */
export function planEngines(folder: string, options: EngineOptions): Engine[] {
  return [ours(folder, options), ours(folder, { ...options, tunnel: 'off' }), haproxy(folder, options), envoy(folder, options)]
}

export function ours(folder: string, options: EngineOptions): Engine {
  const base = (name: string): SidecarPlan => ({
    workload: name, inbound: undefined, outbound: undefined, admin: { host: '127.0.0.1', port: 1 }, log: 'text', threads: options.threads,
    identity: { kind: 'files', key: join(folder, `${name}.key`), chain: join(folder, `${name}.pem`), bundle: join(folder, 'ca.pem') },
    tls: { minVersion: '1.3', groups: options.groups, alpn: 'mtlscope', resumption: options.resumption },
    limits: { connections: 50_000, bufferBytes: DEFAULT_LIMITS.bufferBytes, connectTimeoutMs: 10_000, handshakeTimeoutMs: 20_000, idleTimeoutMs: 0, drainTimeoutMs: 1000 },
  })
  const inbound: SidecarPlan = {
    ...base('cart'),
    inbound: { mode: 'listen', listen: [{ host: '0.0.0.0', port: PORTS.wire }], to: { host: '127.0.0.1', port: PORTS.app }, default: 'mtls', ports: {}, allow: { default: ['spiffe://bench.example/web'], ports: {} }, source: 'sidecar', tunnel: options.tunnel },
  }
  const map = [{ listen: { host: '127.0.0.1', port: PORTS.entry }, to: { host: ADDRESS.server, port: PORTS.wire }, identities: ['spiffe://bench.example/cart'] }]
  const outbound: SidecarPlan = { ...base('web'), outbound: { mode: 'none', listen: [], default: 'mesh', passthrough: [], expect: [], map, tunnel: options.tunnel } }
  const command = (plan: SidecarPlan): string[] => [process.execPath, OURS, write(folder, `${plan.workload}-${options.tunnel}-${options.threads}.json`, JSON.stringify(plan))]
  return { name: options.tunnel === 'auto' ? 'mtlscope' : 'mtlscope, a connection each', inbound: command(inbound), outbound: command(outbound) }
}

function haproxy(folder: string, { threads, resumption }: EngineOptions): Engine {
  const version = /version (\S+?)[-+ ]/.exec(spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? ''
  const common = `global\n nbthread ${threads}\n maxconn 9950\n tune.ssl.cachesize ${resumption ? 20_000 : 0}\ndefaults\n mode tcp\n timeout connect 10s\n timeout client 300s\n timeout server 300s\nlisten it\n`
  const noReuse = resumption ? '' : ' no-ssl-reuse'
  const file = (name: string): string => join(folder, name)
  return {
    name: `HAProxy ${version}`,
    inbound: ['haproxy', '-f', write(folder, 'in.cfg', `${common} bind :${PORTS.wire} ssl crt ${file('cart.both')} ca-file ${file('ca.pem')} verify required ssl-min-ver TLSv1.3 curves X25519${resumption ? '' : ' no-tls-tickets'}\n server s 127.0.0.1:${PORTS.app}\n`)],
    outbound: ['haproxy', '-f', write(folder, 'out.cfg', `${common} bind 127.0.0.1:${PORTS.entry}\n server s ${ADDRESS.server}:${PORTS.wire} ssl crt ${file('web.both')} ca-file ${file('ca.pem')} verify required sni str(cart) verifyhost cart ssl-min-ver TLSv1.3${noReuse}\n`)],
  }
}

function envoy(folder: string, { threads, resumption }: EngineOptions): Engine {
  const program = locateEnvoy()
  const version = /\/([\d.]+)\//.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? ''
  // Each checks the identity of the other, as ours do.
  const tls = (name: string, peer: string, type: string, more: object): object => ({
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${type}`, ...more,
        common_tls_context: {
          tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3', ecdh_curves: ['X25519'] },
          tls_certificates: [{ certificate_chain: { filename: join(folder, `${name}.pem`) }, private_key: { filename: join(folder, `${name}.key`) } }],
          validation_context: {
            trusted_ca: { filename: join(folder, 'ca.pem') },
            match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: `spiffe://bench.example/${peer}` } }],
          },
        },
      },
    },
  })
  const config = (name: string, listen: object, chain: object, to: object, cluster: object): string[] => {
    const filter = { name: 'envoy.filters.network.tcp_proxy', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', stat_prefix: 'x', cluster: 'x' } }
    const circuit_breakers = { thresholds: [{ max_connections: 50_000, max_pending_requests: 50_000 }] }
    const load_assignment = { cluster_name: 'x', endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: to } } }] }] }
    const static_resources = {
      listeners: [{ name: 'x', address: { socket_address: listen }, filter_chains: [{ ...chain, filters: [filter] }] }],
      clusters: [{ name: 'x', type: 'STATIC', connect_timeout: '10s', circuit_breakers, ...cluster, load_assignment }],
    }
    return [program, '-c', write(folder, `envoy-${name}.json`, JSON.stringify({ static_resources })), '--concurrency', String(threads), '--disable-hot-restart', '-l', 'error']
  }
  const address = (host: string, port: number): object => ({ address: host, port_value: port })
  return {
    name: `Envoy ${version}`,
    inbound: config('in', address('0.0.0.0', PORTS.wire), tls('cart', 'web', 'DownstreamTlsContext', { require_client_certificate: true, disable_stateless_session_resumption: !resumption }), address('127.0.0.1', PORTS.app), {}),
    outbound: config('out', address('127.0.0.1', PORTS.entry), {}, address(ADDRESS.server, PORTS.wire), tls('web', 'cart', 'UpstreamTlsContext', { sni: 'cart', max_session_keys: resumption ? 1 : 0 })),
  }
}

function write(folder: string, name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
