import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { planEnvoy } from '../static-envoy.ts'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { freePorts } from '../free-ports.ts'
import { need } from '../require.ts'
import type { CaFiles, IdentityFiles } from './ca-files.ts'
import { CART, FOREIGN, makeCa, WEB } from './ca-files.ts'

const START_TIMEOUT_MS = 60_000

function envoyPath(): string | undefined {
  try {
    return locateEnvoy()
  } catch {
    return undefined
  }
}

/** One Envoy that is both sides: what comes to `plain` goes out as mTLS to its own `secure`, and from there to the server. */
async function startEnvoy(t: TestContext, envoy: string, ca: CaFiles, identity: IdentityFiles): Promise<{ plain: number, secure: number }> {
  const app = createServer((_request, response) => { response.end('hello') }).listen(0, '127.0.0.1')
  await once(app, 'listening')
  t.after(() => { app.close(); app.closeAllConnections() })
  const [plain, secure] = await freePorts(2)
  const local = (port: number): { ip: string, port: number } => ({ ip: '127.0.0.1', port })
  const config = join(ca.place, 'envoy.json')
  writeFileSync(config, JSON.stringify(planEnvoy({
    workload: 'cart', rootFile: ca.bundle, certificateFile: identity.chain, privateKeyFile: identity.key,
    inbound: { listen: local(secure), forward: local((app.address() as AddressInfo).port), clientIds: [CART.spiffeId, WEB.spiffeId] },
    outbound: [{ name: 'cart', listen: local(plain), connect: local(secure), serverId: CART.spiffeId }],
  }, join(ca.place, 'admin'))))
  const child = spawn(envoy, ['-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-2000) })
  t.after(async () => { if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await once(child, 'exit') } })
  for (const start = performance.now(); await get(plain) !== 'hello'; await sleep(50)) {
    assert.ok(child.exitCode === null && performance.now() - start < START_TIMEOUT_MS, said)
  }
  return { plain, secure }
}

async function get(port: number): Promise<string> {
  return await new Promise((resolve) => {
    request({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => resolve(text))
    }).on('error', (error) => resolve(error.message)).end()
  })
}

/** What a TLS client with these files hears from Envoy: the answer, or the alert. */
async function callWith(port: number, ca: CaFiles, files: IdentityFiles): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'cart.shop.test', ca: readFileSync(ca.bundle), cert: readFileSync(files.chain), key: readFileSync(files.key) })
  socket.write('GET / HTTP/1.1\r\nHost: cart\r\nConnection: close\r\n\r\n')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  return await new Promise((resolve) => {
    socket.on('error', (error) => resolve(error.message)).on('close', () => resolve(text))
  })
}

test('a real Envoy takes them as server and as client, and refuses what is outside the constraints', async (t) => {
  const envoy = envoyPath()
  if (!need(t, 'peers', envoy, 'envoy')) return
  const ca = await makeCa(t)
  const { secure } = await startEnvoy(t, envoy!, ca, await ca.issue('cart', CART))
  assert.match(await callWith(secure, ca, await ca.issue('web', WEB)), /hello$/)
  for (const [i, names] of FOREIGN.entries()) {
    // The identity that Envoy lets in, but in a certificate that the constraints forbid.
    const forged = await ca.forge(`forged${i}`, names.spiffeId.includes('shop.test') ? { ...names, spiffeId: WEB.spiffeId } : names)
    assert.match(await callWith(secure, ca, forged), /alert/i)
  }
})
