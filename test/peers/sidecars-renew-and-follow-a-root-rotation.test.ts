import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveCa } from './ca-process.fixture.ts'
import { EchoApp, Mesh, SidecarProcess, forBothEnginesAtOnce } from './sidecar.fixture.ts'

/** Certificates of a minute, valid from a minute before: renewal is due after 8 to 20 s. */
const SERVE = ['--ttl', '1m']

function dial(address: string): Socket {
  const [host, port] = address.split(':')
  return connect({ host, port: Number(port) })
}

async function call(address: string): Promise<boolean> {
  const bytes = randomBytes(20_000)
  const socket = dial(address)
  socket.end(bytes)
  return bytes.equals(await buffer(socket).catch(() => Buffer.alloc(0)))
}

forBothEnginesAtOnce('certificates are renewed at two thirds of their life and the root is replaced, while every call comes back byte for byte', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, clear] = [mesh.address(), mesh.address()]
  const ca = await serveCa(mesh, ['cart', 'web'], SERVE)
  const start = (name: string, yaml: string): SidecarProcess => {
    const admin = mesh.address()
    return new SidecarProcess(t, engine, mesh.write(`${name}.yaml`, `admin: "${admin}"\nidentity: { ca: { address: "${ca.address}", bundle: ${ca.bundle}, token: ${ca.tokens[name]}, spiffeId: spiffe://shop.test/${name} } }\n${yaml}\n`), admin)
  }
  const both = [
    start('cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", allow: ["spiffe://shop.test/web"] }`),
    start('web', `outbound: { map: [{ listen: "${clear}", to: "${wire}", expect: "spiffe://shop.test/cart" }] }`),
  ]
  await Promise.all(both.map((sidecar) => sidecar.said('ready:')))

  let isOver = false
  const calls = { good: 0, bad: 0 }
  const load = (async () => {
    while (!isOver) {
      if (await call(clear)) calls.good++
      else calls.bad++
      await sleep(100)
    }
  })()
  t.after(() => { isOver = true })
  const held = dial(clear)
  held.on('error', () => {})
  t.after(() => held.destroy())

  const renewals = ({ stderr }: SidecarProcess): number => stderr.split('new certificate of').length - 1
  await Promise.all(both.map((sidecar) => sidecar.until('a renewal by itself', () => renewals(sidecar) > 0, 60_000)))
  for (const step of [[], ['--finish', '--force'], ['--finish', '--force']]) {
    ca.run('rotate-root', ...step)
    // The CA looks at its state again after a second or two.
    await sleep(3000)
    const before = both.map(renewals)
    for (const { child } of both) child.kill('SIGHUP')
    await Promise.all(both.map((sidecar, i) => sidecar.until('the new bundle', () => renewals(sidecar) > before[i]!)))
  }
  const goodBefore = calls.good
  await both[0]!.until('more calls', () => calls.good > goodBefore + 3)
  held.write('still here')
  assert.equal(String((await once(held, 'data') as [Buffer])[0]), 'still here')
  isOver = true
  await load
  assert.deepEqual([calls.bad, calls.good > 10], [0, true])
  assert.equal(ca.run('show', '-o', 'pem').split('BEGIN').length, 2)
})
