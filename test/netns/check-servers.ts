import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Pki } from '../fixtures/pki.ts'
import { SERVER_IP } from '../fixtures/stage.ts'
import type { Stage } from '../fixtures/stage.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export type Asks = 'required' | 'requested' | 'not asked'
export type Product = 'openssl' | 'nginx' | 'haproxy' | 'envoy' | 'sidecar' | 'plain'

/** A port of a real server on the stage. All of them answer an HTTP request; TLS ports take TLS 1.2 and 1.3. */
export interface CheckServer { readonly product: Product, readonly asks: Asks, readonly port: number }

const MODES: readonly Asks[] = ['required', 'requested', 'not asked']
const FIRST_PORT: Readonly<Record<Product, number>> = { openssl: 7010, nginx: 7020, haproxy: 7030, envoy: 7040, sidecar: 7050, plain: 7060 }

/** From the port of a sidecar to that of its admin page. */
const ADMIN_BEHIND = 5

function serversOf(product: Product, modes = MODES): CheckServer[] {
  return modes.map((asks, index) => ({ product, asks, port: FIRST_PORT[product] + index }))
}

/** Starts them all in the server's namespace; resolves when they listen. `envoy`: path of its binary, undefined to go without. */
export async function startCheckServers(stage: Stage, pki: Pki, envoy: string | undefined): Promise<CheckServer[]> {
  const servers = [
    ...await startOpenssl(stage, pki), ...await startNginxes(stage, pki), ...await startHaproxy(stage, pki), ...await startPlain(stage), ...await startSidecar(stage, pki),
  ]
  if (envoy !== undefined) servers.push(...await startEnvoy(stage, pki, envoy))
  return servers
}

async function startOpenssl(stage: Stage, pki: Pki): Promise<CheckServer[]> {
  const verify: Record<Asks, string[]> = {
    'required': ['-Verify', '2', '-verify_return_error'], 'requested': ['-verify', '2', '-verify_return_error'], 'not asked': [],
  }
  const servers = serversOf('openssl')
  for (const { asks, port } of servers) {
    await stage.serve(stage.server, port, 'openssl', 's_server', '-accept', `${port}`, '-cert', pki.serverEc.cert, '-key', pki.serverEc.key, '-CAfile', pki.root.cert, '-www', ...verify[asks])
  }
  return servers
}

async function startNginxes(stage: Stage, pki: Pki): Promise<CheckServer[]> {
  const servers = serversOf('nginx')
  const word: Record<Asks, string> = { 'required': 'on', 'requested': 'optional', 'not asked': 'off' }
  const blocks = servers.map(({ asks, port }) => `server { listen ${port} ssl; ssl_verify_client ${word[asks]}; location / { return 200 "here\\n"; } }`)
  const config = stage.file('check-nginx.conf', `
daemon off; master_process off; pid ${stage.folder}/check-nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${stage.folder}/b; proxy_temp_path ${stage.folder}/p; fastcgi_temp_path ${stage.folder}/f; uwsgi_temp_path ${stage.folder}/u; scgi_temp_path ${stage.folder}/s;
  ssl_certificate ${pki.serverEc.cert}; ssl_certificate_key ${pki.serverEc.key}; ssl_client_certificate ${pki.root.cert}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:all:1m;
  ${blocks.join('\n  ')}
}`)
  await stage.serve(stage.server, servers.at(-1)!.port, 'nginx', '-c', config, '-e', 'stderr')
  return servers
}

export async function startHaproxy(stage: Stage, pki: Pki): Promise<CheckServer[]> {
  const servers = serversOf('haproxy')
  const bundle = bundleOf(stage, pki)
  const word: Record<Asks, string> = { 'required': ` ca-file ${pki.root.cert} verify required`, 'requested': ` ca-file ${pki.root.cert} verify optional`, 'not asked': '' }
  const fronts = servers.map(({ asks, port }) => `frontend f${port}\n  bind ${SERVER_IP}:${port} ssl crt ${bundle}${word[asks]} ssl-min-ver TLSv1.2\n  http-request return status 200\n`)
  const config = stage.file('check-haproxy.cfg', `global\n  log stderr local0 emerg\ndefaults\n  mode http\n  timeout client 20s\n  timeout connect 5s\n  timeout server 20s\n${fronts.join('')}`)
  await stage.serve(stage.server, servers.at(-1)!.port, 'haproxy', '-f', config)
  return servers
}

function bundleOf(stage: Stage, pki: Pki): string {
  return stage.file('server-bundle.pem', stage.server.run('cat', pki.serverEc.cert, pki.serverEc.key))
}

async function startPlain(stage: Stage): Promise<CheckServer[]> {
  const servers = serversOf('plain', ['not asked'])
  await stage.serveNode(stage.server, servers[0]!.port, 'shop.cjs', `${servers[0]!.port}`)
  return servers
}

/** In front of the plain server. It requires a certificate, or asks for none (mode `tls`); it never asks without requiring one. */
async function startSidecar(stage: Stage, pki: Pki): Promise<CheckServer[]> {
  const servers = serversOf('sidecar', ['required', 'not asked'])
  const identity = join(stage.folder, 'sidecar-identity')
  mkdirSync(identity)
  for (const [name, path] of [['key.pem', pki.serverEc.key], ['certChain.pem', pki.serverEc.cert], ['mesh-ca.pem', pki.root.cert]] as const) {
    writeFileSync(join(identity, name), stage.server.run('cat', path), { mode: 0o600 })
  }
  for (const { asks, port } of servers) {
    const config = stage.file(`sidecar-${port}.yaml`, `workload: cart\nadmin: "127.0.0.1:${port + ADMIN_BEHIND}"\nidentity: { dir: sidecar-identity }\ntls: { minVersion: "1.2" }
inbound: { mode: listen, listen: "${SERVER_IP}:${port}", to: "127.0.0.1:${FIRST_PORT.plain}", default: ${asks === 'required' ? 'mtls, allow: ["spiffe://shop.example/*"]' : 'tls'} }\n`)
    await stage.serve(stage.server, port, process.execPath, MAIN, 'sidecar', '--config', config)
  }
  return servers
}

type Json = string | number | boolean | Json[] | { [key: string]: Json }

async function startEnvoy(stage: Stage, pki: Pki, envoy: string): Promise<CheckServer[]> {
  const servers = serversOf('envoy')
  const config = stage.file('check-envoy.json', JSON.stringify({ static_resources: { listeners: servers.map((server) => envoyListener(server, pki)) } }))
  await stage.serve(stage.server, servers.at(-1)!.port, envoy, '-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'error')
  return servers
}

const TYPES = 'type.googleapis.com/envoy.extensions.'

function envoyListener({ asks, port }: CheckServer, pki: Pki): Json {
  const answer = { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'here\n' } } }
  return {
    name: `l${port}`, address: { socket_address: { address: SERVER_IP, port_value: port } },
    filter_chains: [{
      filters: [{
        name: 'envoy.filters.network.http_connection_manager',
        typed_config: {
          '@type': `${TYPES}filters.network.http_connection_manager.v3.HttpConnectionManager`, stat_prefix: 'x', codec_type: 'HTTP1', delayed_close_timeout: '0s',
          route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [answer] }] },
          http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPES}filters.http.router.v3.Router` } }],
        },
      }],
      transport_socket: {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          '@type': `${TYPES}transport_sockets.tls.v3.DownstreamTlsContext`, require_client_certificate: asks === 'required',
          common_tls_context: {
            tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
            tls_certificates: [{ certificate_chain: { filename: pki.serverEc.cert }, private_key: { filename: pki.serverEc.key } }],
            ...asks !== 'not asked' && { validation_context: { trusted_ca: { filename: pki.root.cert } } },
          },
        },
      },
    }],
  }
}
