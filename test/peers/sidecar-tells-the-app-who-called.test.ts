import assert from 'node:assert/strict'
import { once } from 'node:events'
import { EchoApp, Mesh, forEachEngine, openTls } from './sidecar.fixture.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const ADDRESSES_AT = 16

forEachEngine('source: proxy-protocol puts a header of version 2 before the first byte', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const wire = mesh.address()
  await mesh.identity('cart')
  await mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", source: proxy-protocol }`)
  const client = await openTls(wire, await mesh.client('web'))
  t.after(() => client.destroy())
  client.write('payload')
  let heard = Buffer.alloc(0)
  while (!heard.includes('payload')) heard = Buffer.concat([heard, (await once(client, 'data') as [Buffer])[0]])
  // The app echoes the header too.
  assert.equal(heard.subarray(0, 12).toString('hex'), SIGNATURE)
  const length = heard.readUInt16BE(14)
  assert.equal([...heard.subarray(ADDRESSES_AT, ADDRESSES_AT + 4)].join('.'), '127.0.0.1')
  assert.equal(heard.readUInt16BE(ADDRESSES_AT + 8), client.localPort)
  assert.equal(heard.subarray(ADDRESSES_AT + length).toString(), 'payload')
  assert.equal(heard.includes('spiffe://shop.test/web'), engine === 'embedded')
})
