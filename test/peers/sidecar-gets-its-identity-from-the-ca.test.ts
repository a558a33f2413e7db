import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { EchoApp, MAIN, Mesh, SidecarProcess, openTls } from './sidecar.fixture.ts'

/** `mtlscope ca serve` with a token for cart. */
async function serveCa(t: TestContext, mesh: Mesh): Promise<{ address: string, token: string, bundle: string }> {
  const dir = join(mesh.folder, 'ca')
  const ca = (...words: string[]): string => execFileSync(process.execPath, [MAIN, 'ca', ...words, '--dir', dir], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  ca('init', '--trust-domain', 'shop.test')
  const token = mesh.write('cart.token', ca('token', 'add', '--spiffe', 'spiffe://shop.test/cart'))
  const address = mesh.address()
  const server = spawn(process.execPath, [MAIN, 'ca', 'serve', '--listen', address, '--dir', dir], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(async () => {
    server.kill('SIGTERM')
    await once(server, 'close')
  })
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  for (let n = 0; n < 1000 && !said.includes('serving'); n++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(said, /serving/)
  const roots = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => /root.*\.(pem|crt)$/.test(file) && readFileSync(join(dir, file), 'utf8').includes('CERTIFICATE'))
  writeFileSync(join(mesh.folder, 'roots.pem'), roots.map((file) => readFileSync(join(dir, file), 'utf8')).join(''))
  return { address, token, bundle: join(mesh.folder, 'roots.pem') }
}

test('with a token, and anew on SIGHUP while connections go on', async (t) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, admin] = [mesh.address(), mesh.address()]
  const ca = await serveCa(t, mesh)
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${ca.token}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", default: tls }
`)
  const cart = new SidecarProcess(t, 'embedded', file, admin)
  await cart.said('ready:')
  const open = await openTls(wire, { ca: readFileSync(ca.bundle), checkServerIdentity: () => undefined })
  t.after(() => open.destroy())
  assert.match(open.getPeerCertificate().subjectaltname ?? '', /URI:spiffe:\/\/shop\.test\/cart/)
  cart.child.kill('SIGHUP')
  await cart.said('new certificate of spiffe://shop.test/cart')
  open.write('on')
  assert.equal(String((await once(open, 'data') as [Buffer])[0]), 'on')
  const { identity } = JSON.parse((await cart.ask('/config')).body) as { identity: { name: string } }
  assert.equal(identity.name, 'spiffe://shop.test/cart')
  assert.doesNotMatch((await cart.ask('/config')).body, /PRIVATE KEY|mtlscope_token/)
})

test('a CA that is not there yet is waited for, and /readyz says so', async (t) => {
  const mesh = await Mesh.create(t)
  const [wire, admin, nobody] = [mesh.address(), mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const token = mesh.write('token', 'x\n')
  const file = mesh.write('cart.yaml', `admin: "${admin}"
identity: { ca: { address: "${nobody}", bundle: cart/mesh-ca.pem, token: ${token}, spiffeId: spiffe://shop.test/cart } }
inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:9" }
`)
  const cart = new SidecarProcess(t, 'embedded', file, admin)
  await cart.said('no identity yet, trying again')
  assert.deepEqual(await cart.ask('/readyz'), { status: 503, body: 'waiting for an identity\n' })
  assert.equal(await cart.end(), 0)
})
