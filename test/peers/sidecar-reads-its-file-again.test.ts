import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { EchoApp, Mesh, callTls, forEachEngine, forEitherEngine, openTls } from './sidecar.fixture.ts'

forEachEngine('a changed file is taken over without ending what is open, a bad one changes nothing', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [first, second] = [mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const inbound = (listen: string, more = ''): string => `inbound: { mode: listen, listen: ${listen}, to: "127.0.0.1:${app.port}"${more} }\n`
  const cart = await mesh.sidecar(engine, 'cart', inbound(`"${first}"`))
  const head = readFileSync(cart.file, 'utf8').split('inbound:')[0]!
  const client = await mesh.client('web')
  const open = await openTls(first, client)
  t.after(() => open.destroy())

  mesh.write('cart.yaml', `${head}${inbound(`["${first}", "${second}"]`, ', allow: ["spiffe://shop.test/web"]')}`)
  await cart.said('again (it changed)')
  assert.equal(await callTls(second, client), 'hello')
  assert.match(await callTls(first, await mesh.client('stranger')), /^ERR_SSL/)
  open.write('open')
  assert.equal(String((await once(open, 'data') as [Buffer])[0]), 'open')

  mesh.write('cart.yaml', `${head}inbund: {}\n`)
  await cart.said('the configuration before is kept')
  assert.match(cart.stderr, /cart\.yaml:4:1: unknown key 'inbund'\nmtlscope: hint: did you mean 'inbound'\?/)
  assert.equal(await callTls(second, client), 'hello')

  const taken = EchoApp.open(t)
  mesh.write('cart.yaml', `${head}${inbound(`"127.0.0.1:${(await taken).port}"`)}`)
  cart.child.kill('SIGHUP')
  await cart.until('the second warning', () => cart.stderr.split('the configuration before is kept').length > 2)
  assert.equal(await callTls(second, client), 'hello')
  assert.match((await cart.ask('/metrics')).body, /^mtlscope_config_reloads_total\{result="ok"\} 1$/m)
  const { plan } = JSON.parse((await cart.ask('/config')).body) as { plan: { inbound: { listen: { host: string, port: number }[] } } }
  assert.equal(plan.inbound.listen.length, 2)
})

forEitherEngine('what only a start can change is told, and the rest of the file counts', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [first, second] = [mesh.address(), mesh.address()]
  await mesh.identity('cart')
  const yaml = (listen: string): string => `inbound: { mode: listen, listen: "${listen}", to: "127.0.0.1:${app.port}" }\n`
  const cart = await mesh.sidecar(engine, 'cart', yaml(first))
  mesh.write('cart.yaml', `threads: 2\nlimits: { connections: 100 }\n${readFileSync(cart.file, 'utf8').replace(first, second)}`)
  await cart.said('again (it changed)')
  assert.match(cart.stderr, engine === 'embedded' ? /warning: a change of threads takes effect at the next start\n/ : /warning: a change of threads and limits\.connections takes effect at the next start\n/)
  assert.equal(await callTls(second, await mesh.client('web')), 'hello')
})
