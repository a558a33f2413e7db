import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Authority, shakeHands } from './handshake-pair.fixture.ts'
import type { TlsContexts } from './tls-contexts.ts'

const namesOf = (name: string): object => ({ uris: [`spiffe://pair.example/${name}`], dnsNames: [name] })

async function open(t: TestContext, authority: Authority, names: readonly string[], trusted = authority): Promise<TlsContexts[]> {
  const all = await Promise.all(names.map((name) => authority.contexts(name, trusted)))
  t.after(() => all.forEach((contexts) => contexts.release()))
  return all
}

test('each handshake tells the names of its own peer, whether the chain was verified before or not', async (t) => {
  const [web, shop, cart] = await open(t, await Authority.create(), ['web', 'shop', 'cart'])
  for (const [client, name] of [[web, 'web'], [shop, 'shop'], [web, 'web'], [shop, 'shop'], [web, 'web']] as const) {
    const outcome = shakeHands(client, cart)
    assert.equal(outcome.error, '')
    assert.deepEqual(outcome.server, namesOf(name))
    assert.deepEqual(outcome.client, namesOf('cart'))
    assert.deepEqual(outcome.shown, { client: outcome.client, server: outcome.server })
  }
})

test('a chain that does not hold is refused each time, also between those that do', async (t) => {
  const mesh = await Authority.create()
  const [web, cart] = await open(t, mesh, ['web', 'cart'])
  const [stranger] = await open(t, await Authority.create(), ['web'], mesh)
  for (let round = 0; round < 3; round++) {
    const refused = shakeHands(stranger, cart)
    assert.match(refused.error, /certificate verify failed/)
    assert.equal(refused.server, undefined)
    assert.deepEqual(shakeHands(web, cart).server, namesOf('web'))
  }
})

test('what a client sends with the end of its handshake is read, whatever of it the buffer holds', async (t) => {
  const [web, cart] = await open(t, await Authority.create(), ['web', 'cart'])
  for (const sizeBytes of [1, 3000, 4096, 9000, 16_384, 40_000]) {
    const text = 'x'.repeat(sizeBytes - 1) + 'y'
    assert.equal(shakeHands(web, cart, text).read, text)
  }
})
