import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { need } from '../../test/require.ts'
import { CertificateAuthority } from '../identity/ca.ts'
import { embeddedEngine } from './embedded.ts'
import type { ProxyEngine, RunningProxy } from './engine.ts'
import { envoyEngine } from './envoy.ts'
import { locateEnvoy } from './envoy-binary.ts'
import type { Address, SidecarConfig } from './sidecar-config.ts'

/** The same promises for every engine: a sidecar of web calls the sidecar of cart, whose app is a plain HTTP server. */
const ENGINES: Record<string, () => ProxyEngine> = { embedded: () => embeddedEngine, envoy: () => envoyEngine(locateEnvoy()) }
const STOP_MS = 5000

let folder = ''
let app: Server
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mtlscope-engine-'))
  app = createServer((req, res) => {
    req.setEncoding('utf8').on('data', () => {})
    req.on('end', () => res.end(`answer to ${req.method} ${req.url}`))
  })
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
  const ca = await CertificateAuthority.create('shop.test', validity)
  const other = await CertificateAuthority.create('shop.test', validity)
  writeFileSync(join(folder, 'root.crt'), ca.certificatePem)
  for (const [name, issuer] of [['web', ca], ['cart', ca], ['stranger', other]] as const) {
    const svid = await issuer.issue({ spiffeId: `spiffe://shop.test/${name === 'stranger' ? 'web' : name}`, dnsNames: [name], ...validity })
    writeFileSync(join(folder, `${name}.crt`), svid.certificatePem)
    writeFileSync(join(folder, `${name}.key`), svid.privateKeyPem)
  }
})
after(() => {
  app.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Below the ephemeral ports, on an address that no other run of this file has. */
function ownAddress(last: number, port: number): Address {
  return { ip: `127.${200 + (process.pid >> 16) % 50}.${process.pid >> 8 & 255}.${last}`, port: port + (process.pid & 255) }
}

function files(name: string): Pick<SidecarConfig, 'workload' | 'certificateFile' | 'privateKeyFile' | 'rootFile'> {
  return { workload: name, certificateFile: join(folder, `${name}.crt`), privateKeyFile: join(folder, `${name}.key`), rootFile: join(folder, 'root.crt') }
}

interface Pair { app: Address, wire: Address, stop(): Promise<void> }

async function openPair(engine: ProxyEngine, clientName = 'web', serverId = 'spiffe://shop.test/cart'): Promise<Pair> {
  const wire = ownAddress(9, 20_400)
  const listen = ownAddress(8, 20_800)
  const forward = { ip: '127.0.0.1', port: (app.address() as AddressInfo).port }
  const running: RunningProxy[] = [
    engine.start({ ...files('cart'), inbound: { listen: wire, forward, clientIds: ['spiffe://shop.test/web'] }, outbound: [] }, { folder }),
    engine.start({ ...files(clientName), workload: 'caller', inbound: undefined, outbound: [{ name: 'cart', listen, connect: wire, serverId }] }, { folder }),
  ]
  const stop = async (): Promise<void> => { await Promise.all(running.map((proxy) => proxy.stop(STOP_MS))) }
  try {
    await Promise.all(running.map((proxy) => proxy.ready))
  } catch (error) {
    await stop()
    throw error
  }
  return { app: listen, wire, stop }
}

function post(address: Address, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const req = request({ host: address.ip, port: address.port, method: 'POST', path: '/items', agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (piece: string) => { text += piece })
      res.on('end', () => resolve(text))
    })
    req.on('error', reject)
    req.end(body)
  })
}

/** What a client without a certificate gets to see of the wire. */
async function knock(wire: Address): Promise<{ protocol: string | null, alpn: string | false | null, code: string | undefined }> {
  const socket = connectTls({ host: wire.ip, port: wire.port, rejectUnauthorized: false, ALPNProtocols: ['mtlscope'] })
  const refused = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
  await once(socket, 'secureConnect')
  return { protocol: socket.getProtocol(), alpn: socket.alpnProtocol, code: (await refused).code }
}

async function isClosedUnread(address: Address): Promise<boolean> {
  const socket = connect({ host: address.ip, port: address.port })
  socket.on('error', () => {})
  let heard = 0
  socket.on('data', (chunk) => { heard += chunk.length })
  socket.write('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  return heard === 0
}

for (const [name, makeEngine] of Object.entries(ENGINES)) {
  test(`${name}: carries requests, refuses strangers and wrong names, ends when told`, async (t) => {
    let engine: ProxyEngine
    try {
      engine = makeEngine()
    } catch (error) {
      need(t, 'peers', false, (error as Error).message)
      return
    }
    const pair = await openPair(engine)
    try {
      assert.equal(await post(pair.app, 'x'.repeat(300_000)), 'answer to POST /items')
      assert.deepEqual(await knock(pair.wire), { protocol: 'TLSv1.3', alpn: 'mtlscope', code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
    } finally {
      await pair.stop()
    }
    for (const [client, serverId] of [['stranger', 'spiffe://shop.test/cart'], ['cart', 'spiffe://shop.test/cart'], ['web', 'spiffe://shop.test/stock']] as const) {
      const refused = await openPair(engine, client, serverId)
      try {
        assert.ok(await isClosedUnread(refused.app), `${client} reached ${serverId}`)
      } finally {
        await refused.stop()
      }
    }
  })

  test(`${name}: a listener that is taken fails before it is ready`, async (t) => {
    let engine: ProxyEngine
    try {
      engine = makeEngine()
    } catch (error) {
      need(t, 'peers', false, (error as Error).message)
      return
    }
    const taken = { ip: '127.0.0.1', port: (app.address() as AddressInfo).port }
    const proxy = engine.start({ ...files('web'), inbound: undefined, outbound: [{ name: 'cart', listen: taken, connect: taken, serverId: 'spiffe://shop.test/cart' }] }, { folder })
    await assert.rejects(proxy.ready, { code: 'child-failed' })
    await proxy.stop(STOP_MS)
  })
}
