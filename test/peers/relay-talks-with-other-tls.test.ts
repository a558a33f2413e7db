import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { need } from '../require.ts'
import type { MaterialFiles } from './relay-pair.ts'
import { PLAN, TestPki, freePorts, inboundPlan, outboundPlan, run, serve, spiffeId, startRelay, writeMaterial } from './relay-pair.ts'

const SIZE_BYTES = 3 * 2 ** 20 + 17
const payload = randomBytes(SIZE_BYTES)
let pki: TestPki
before(async () => { pki = await TestPki.create() })

/** A proxy in its own process that terminates or originates mTLS, from `listen` to `to`. */
interface PeerProxy {
  readonly name: string
  readonly found: boolean
  /** Arguments to start it with; configuration goes into the folder. */
  server(files: MaterialFiles, listen: number, to: number): readonly string[]
  client(files: MaterialFiles, listen: number, to: number): readonly string[]
}

function installed(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

function configured(files: MaterialFiles, name: string, content: string): string {
  const path = join(files.folder, name)
  writeFileSync(path, content)
  return path
}

const haproxy: PeerProxy = {
  name: 'HAProxy', found: installed('haproxy'),
  server: (files, listen, to) => ['haproxy', '-f', configured(files, 'in.cfg', `${HAPROXY}
 bind 127.0.0.1:${listen} ssl crt ${files.both} ca-file ${files.bundle} verify required ssl-min-ver TLSv1.3
 server s 127.0.0.1:${to}\n`)],
  client: (files, listen, to) => ['haproxy', '-f', configured(files, 'out.cfg', `${HAPROXY}
 bind 127.0.0.1:${listen}
 server s 127.0.0.1:${to} ssl crt ${files.both} ca-file ${files.bundle} verify required sni str(cart) verifyhost cart ssl-min-ver TLSv1.3\n`)],
}
const HAPROXY = 'defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n timeout server 20s\nlisten it'

function nginxArguments(files: MaterialFiles, server: string): string[] {
  const http = `access_log off; client_body_temp_path ${files.folder}/a; proxy_temp_path ${files.folder}/b; server { ${server} }`
  const path = configured(files, 'nginx.conf', `daemon off; master_process off; pid ${files.folder}/pid; error_log ${files.folder}/log; events {} http { ${http} }`)
  return ['nginx', '-c', path, '-p', files.folder]
}

const envoyPath = locateEnvoy()
const envoy: PeerProxy = {
  name: 'Envoy', found: installed(envoyPath),
  server: (files, listen, to) => envoyArguments(files, listen, to, { filter_chains: { transport_socket: tlsSocket('DownstreamTlsContext', files, { require_client_certificate: true }) } }),
  client: (files, listen, to) => envoyArguments(files, listen, to, { cluster: { transport_socket: tlsSocket('UpstreamTlsContext', files, { sni: 'cart' }) } }),
}

function tlsSocket(type: string, files: MaterialFiles, more: object): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${type}`, ...more,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificates: [{ certificate_chain: { filename: files.chain }, private_key: { filename: files.key } }],
        validation_context: { trusted_ca: { filename: files.bundle } },
        alpn_protocols: ['mtlscope'],
      },
    },
  }
}

function envoyArguments(files: MaterialFiles, listen: number, to: number, parts: { filter_chains?: object, cluster?: object }): string[] {
  const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } })
  const filter = { name: 'envoy.filters.network.tcp_proxy', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', stat_prefix: 'x', cluster: 'x' } }
  const config = {
    static_resources: {
      listeners: [{ name: 'x', address: address(listen), filter_chains: [{ ...parts.filter_chains, filters: [filter] }] }],
      clusters: [{ name: 'x', type: 'STATIC', connect_timeout: '5s', ...parts.cluster, load_assignment: { cluster_name: 'x', endpoints: [{ lb_endpoints: [{ endpoint: { address: address(to) } }] }] } }],
    },
  }
  return [envoyPath, '-c', configured(files, 'envoy.json', JSON.stringify(config)), '--concurrency', '1', '--disable-hot-restart', '-l', 'error']
}

async function startPeer(t: TestContext, [program, ...args]: readonly string[], port: number): Promise<void> {
  const child = spawn(program, args, { stdio: 'ignore' })
  t.after(() => {
    child.kill('SIGKILL')
  })
  for (let tries = 0; tries < 400; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      // 'close' too: on a busy machine the time-out may come before the connection, and a destroyed socket says nothing else.
      const probe = connect({ port, host: '127.0.0.1' }, () => resolve(true)).on('error', () => resolve(false)).on('close', () => resolve(false))
      setTimeout(() => probe.destroy(), 2000).unref()
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${program} does not listen`)
}

/** Through the proxies and back from an app that echoes. */
async function echoes(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const back = buffer(socket)
  socket.end(payload)
  assert.ok(payload.equals(await back), 'other bytes came back')
}

for (const peer of [haproxy, envoy]) {
  test(`a client behind ${peer.name} reaches the app behind the sidecar`, async (t) => {
    if (!need(t, 'peers', peer.found, peer.name)) return
    const app = await serve(t, (socket) => socket.pipe(socket))
    const [entry, wire] = await freePorts(2)
    const relay = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port, { allow: { default: [spiffeId('web')], ports: {} } }) }, await pki.material('cart'))
    await startPeer(t, peer.client(writeMaterial(t, await pki.material('web')), entry, wire), entry)
    await echoes(entry)
    assert.ok(relay.metrics().inboundBytesSent >= SIZE_BYTES)
  })

  test(`a client behind the sidecar reaches the app behind ${peer.name}`, async (t) => {
    if (!need(t, 'peers', peer.found, peer.name)) return
    const app = await serve(t, (socket) => socket.pipe(socket))
    const [entry, wire] = await freePorts(2)
    await startPeer(t, peer.server(writeMaterial(t, await pki.material('cart')), wire, app.port), wire)
    const relay = await startRelay(t, { ...PLAN, outbound: outboundPlan(entry, wire, [spiffeId('cart')]) }, await pki.material('web'))
    await echoes(entry)
    await echoes(entry)
    assert.equal(relay.metrics().outboundMtls, 2)
  })
}

/** GET / of an HTTP server; its body. */
async function get(port: number): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write('GET / HTTP/1.0\r\nhost: cart\r\n\r\n')
  const answer = await buffer(socket)
  return answer.subarray(answer.indexOf('\r\n\r\n') + 4)
}

test('nginx calls the app behind the sidecar', async (t) => {
  if (!need(t, 'peers', installed('nginx'), 'nginx')) return
  const app = await serve(t, (socket) => socket.once('data', () => {
    socket.write(`HTTP/1.0 200 OK\r\ncontent-length: ${SIZE_BYTES}\r\n\r\n`)
    socket.end(payload)
  }))
  const [entry, wire] = await freePorts(2)
  await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port, { allow: { default: [spiffeId('web')], ports: {} } }) }, await pki.material('cart'))
  const files = writeMaterial(t, await pki.material('web'))
  const tls = `proxy_ssl_certificate ${files.chain}; proxy_ssl_certificate_key ${files.key}; proxy_ssl_trusted_certificate ${files.bundle}; proxy_ssl_verify on; proxy_ssl_name cart; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3;`
  await startPeer(t, nginxArguments(files, `listen 127.0.0.1:${entry}; location / { proxy_pass https://127.0.0.1:${wire}; ${tls} }`), entry)
  assert.ok(payload.equals(await get(entry)))
})

test('a client behind the sidecar calls nginx', async (t) => {
  if (!need(t, 'peers', installed('nginx'), 'nginx')) return
  const [entry, wire] = await freePorts(2)
  const files = writeMaterial(t, await pki.material('cart'))
  writeFileSync(join(files.folder, 'index.html'), payload)
  const tls = `ssl_certificate ${files.chain}; ssl_certificate_key ${files.key}; ssl_client_certificate ${files.bundle}; ssl_verify_client on; ssl_protocols TLSv1.3;`
  await startPeer(t, nginxArguments(files, `listen 127.0.0.1:${wire} ssl; ${tls} location / { root ${files.folder}; }`), wire)
  const outbound = outboundPlan(entry, wire, [spiffeId('cart')])!
  // nginx ends a handshake that offers other protocols than HTTP.
  const relay = await startRelay(t, { ...PLAN, outbound: { ...outbound, map: outbound.map.map((entry) => ({ ...entry, alpn: 'http/1.1' })) } }, await pki.material('web'))
  assert.ok(payload.equals(await get(entry)))
  assert.ok(payload.equals(await get(entry)))
  assert.deepEqual((await relay.next(2)).map(({ resumed }) => resumed), [false, true])
})

test('curl calls an app behind the sidecar', async (t) => {
  if (!need(t, 'peers', installed('curl'), 'curl')) return
  const app = await serve(t, (socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello')))
  const [wire] = await freePorts(1)
  await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port) }, await pki.material('cart'))
  const { chain, key, bundle } = writeMaterial(t, await pki.material('web'))
  const child = spawn('curl', ['-s', '--max-time', '10', '--cacert', bundle, '--cert', chain, '--key', key, '--connect-to', `cart:${wire}:127.0.0.1:${wire}`, `https://cart:${wire}/`])
  assert.equal(await text(child.stdout), 'hello')
})

test('openssl s_client and s_server talk with the sidecar, and agree on ALPN', async (t) => {
  if (!need(t, 'peers', installed('openssl'), 'openssl')) return
  const app = await serve(t, (socket) => socket.end('from the app'))
  const [entry, wire, server] = await freePorts(3)
  await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port), outbound: outboundPlan(entry, server) }, await pki.material('cart'))
  const { chain, key, bundle } = writeMaterial(t, await pki.material('web'))
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${wire}`, '-cert', chain, '-key', key, '-CAfile', bundle, '-alpn', 'h2,mtlscope', '-verify_return_error'])
  const said = await text(client.stdout)
  assert.match(said, /from the app/)
  assert.match(said, /ALPN protocol: mtlscope/)
  await startPeer(t, ['openssl', 's_server', '-accept', `127.0.0.1:${server}`, '-cert', chain, '-key', key, '-CAfile', bundle, '-Verify', '2', '-tls1_3', '-www'], server)
  const socket = connect({ port: entry, host: '127.0.0.1' })
  socket.write('GET / HTTP/1.0\r\n\r\n')
  assert.match(await text(socket), /TLSv1\.3/)
  assert.ok(run('openssl', ['version']).startsWith('OpenSSL'))
})
