import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { MAIN, Mesh, forEngine } from './sidecar.fixture.ts'
import type { Engine, SidecarProcess } from './sidecar.fixture.ts'

interface Pair { readonly cart: SidecarProcess, readonly web: SidecarProcess, readonly clear: string, readonly mesh: Mesh, rewrite(tap: boolean): void }

/** web calls cart, an HTTP server that answers with what it was asked for. */
async function startPair(t: TestContext, engine: Engine, tap: boolean): Promise<Pair> {
  const mesh = await Mesh.create(t)
  const server = createServer((req, res) => res.end(`you asked for ${req.url}`)).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const [wire, clear] = [mesh.address(), mesh.address()]
  await Promise.all([mesh.identity('web'), mesh.identity('cart')])
  const yaml = (on: boolean): string => `tap: ${on}\ninbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${(server.address() as AddressInfo).port}" }\n`
  const [cart, web] = await Promise.all([mesh.sidecar(engine, 'cart', yaml(tap)), mesh.sidecar(engine, 'web', `outbound: { map: [{ listen: "${clear}", to: "${wire}" }] }`)])
  return { cart, web, clear, mesh, rewrite: (on) => void mesh.write('cart.yaml', `workload: cart\nadmin: "${cart.admin}"\nidentity: { dir: cart }\n${yaml(on)}`) }
}

async function ask(clear: string, path: string): Promise<string> {
  const response = await new Promise<AsyncIterable<string>>((resolve, reject) => {
    get(`http://${clear}${path}`, { agent: false }, (res) => resolve(res.setEncoding('utf8'))).on('error', reject)
  })
  let text = ''
  for await (const piece of response) text += piece
  return text
}

class Program {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''

  constructor(t: TestContext, program: string, ...args: string[]) {
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    this.exited = new Promise((resolve) => this.child.once('close', resolve))
    t.after(() => { this.child.kill('SIGKILL') })
  }
}

function tap(t: TestContext, admin: string, ...args: string[]): Program {
  return new Program(t, process.execPath, MAIN, 'tap', '--sidecar', admin, ...args)
}

/** Asks until the reader, which takes a moment to start, has said enough. */
async function askUntil(pair: Pair, condition: () => boolean): Promise<void> {
  for (const start = performance.now(); !condition();) {
    if (performance.now() - start > 20_000) throw new Error('never came')
    assert.equal(await ask(pair.clear, '/cart/7'), 'you asked for /cart/7')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

forEngine('embedded', 'mtlscope tap shows requests in the clear, without capturing a packet', async (t, engine) => {
  const pair = await startPair(t, engine, true)
  const reader = tap(t, pair.cart.admin, '-o', 'json', '-c', '3')
  await askUntil(pair, () => reader.child.exitCode !== null)
  assert.equal(await reader.exited, 0, reader.stderr)
  const messages = reader.stdout.trim().split('\n').map((line) => JSON.parse(line) as { what: string, status: number, hop: string, complete: boolean, response?: { body: { text: string } } })
  // The first may have been under way when the tap was turned on.
  const whole = messages.filter(({ complete }) => complete)
  assert.ok(whole.length >= 2, reader.stdout)
  for (const { what, status, hop, response } of whole) assert.deepEqual([what, status, hop, response?.body.text], ['GET /cart/7', 200, 'clear', 'you asked for /cart/7'])
})

forEngine('embedded', 'tshark reads the same stream, and finds both checksums right', async (t, engine) => {
  if (!need(t, 'peers', findProgram('tshark') !== undefined && findProgram('curl') !== undefined, 'tshark and curl')) return
  const pair = await startPair(t, engine, true)
  const reader = new Program(t, 'sh', '-c', `curl -sN http://${pair.cart.admin}/tap | tshark -l -r - -c 40 -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields -e http.request.uri -e http.response.code -e tcp.checksum.status -e ip.checksum.status -e _ws.malformed`)
  await askUntil(pair, () => /\t200\t/.test(reader.stdout))
  assert.match(reader.stdout, /^\/cart\/7\t\t1\t1\t$/m)
  assert.match(reader.stdout, /^\t200\t1\t1\t$/m)
})

forEngine('embedded', 'off unless the configuration says otherwise, and over when it no longer does', async (t, engine) => {
  const pair = await startPair(t, engine, false)
  const refused = tap(t, pair.cart.admin)
  assert.equal(await refused.exited, 1)
  assert.match(refused.stderr, /^mtlscope: error: cannot tap the sidecar at .*: the tap is off; it needs tap: true in the configuration\nmtlscope: hint: set tap: true/m)
  pair.rewrite(true)
  await pair.cart.said('again (it changed)')
  const reader = tap(t, pair.cart.admin, '-o', 'json')
  await askUntil(pair, () => reader.stdout.includes('GET /cart/7'))
  pair.rewrite(false)
  assert.equal(await reader.exited, 0, reader.stderr)
  // A page in a browser cannot have it.
  pair.rewrite(true)
  await pair.cart.until('it is on again', async () => (await pair.cart.ask('/config')).body.includes('"tap":true'))
  assert.equal((await pair.cart.ask('/tap', 'GET', { origin: 'http://evil.test' })).status, 403)
  assert.equal((await pair.cart.ask('/tap', 'GET', { 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.equal((await pair.cart.ask('/tap', 'GET', { host: 'evil.test' })).status, 403)
  assert.equal((await pair.cart.ask('/tap', 'POST')).status, 405)
})

forEngine('envoy', 'Envoy has no tap, and says so', async (t, engine) => {
  const pair = await startPair(t, engine, true)
  const refused = tap(t, pair.cart.admin)
  assert.equal(await refused.exited, 1)
  assert.match(refused.stderr, /this engine cannot hand out what passes/)
})

test('where no sidecar is it says so', () => {
  const run = (address: string): { status: number | null, stderr: string } => spawnSync(process.execPath, [MAIN, 'tap', '--sidecar', address], { encoding: 'utf8' })
  assert.equal(run('nowhere').status, 2)
  const { status, stderr } = run('127.0.0.1:1')
  assert.equal(status, 1)
  assert.match(stderr, /^mtlscope: error: cannot tap the sidecar at 127\.0\.0\.1:1: ECONNREFUSED\nmtlscope: hint: .*nsenter/m)
})
