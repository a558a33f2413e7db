import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { auditOf, bundleOf, CART, codeOf, DAY_MILLIS, newCa, newToken, openAuthority, serveCa } from './authority/ca.fixture.ts'
import { finishRotation, startRotation } from './authority/changes.ts'
import type { IssuedLeaf } from './authority/issuer.ts'
import { fetchIdentity } from './ca-client.ts'
import { parseCaAddress } from './ca-connection.ts'
import { exportKeyPem, generateKeys } from './certificate-profile.ts'
import { verifyCsr } from './csr.ts'

test('an identity comes with a key made here, a chain, a bundle and its time of renewal', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const { address } = await serveCa(t, folder)
  const before = Date.now()
  const identity = await fetchIdentity({ address, bundlePem: await bundleOf(folder), token, spiffeId: CART.spiffeId, ttlSeconds: 3600 })
  const leaf = new X509Certificate(identity.chainPem)
  assert.equal(leaf.subjectAltName, 'URI:spiffe://shop.test/cart, DNS:cart')
  assert.equal(leaf.validToDate.getTime(), identity.expiresAt.getTime())
  const lifeMillis = identity.expiresAt.getTime() - before
  assert.ok(identity.renewAtMillis > before + lifeMillis / 2 && identity.renewAtMillis < before + lifeMillis * 0.7)
  assert.equal(identity.bundlePem, await bundleOf(folder))
  assert.match(identity.keyPem, /^-----BEGIN PRIVATE KEY-----/)
})

test('a client that follows its bundle is served through a whole root rotation', async (t) => {
  const folder = await newCa(t, { maxTtlMillis: DAY_MILLIS })
  const token = await newToken(folder)
  const first = await bundleOf(folder)
  const connect = async (bundlePem: string): Promise<string> => {
    // A server each: the interval in which a running one looks at the CA is longer than a test.
    const server = await serveCa(t, folder)
    try {
      return (await fetchIdentity({ address: server.address, bundlePem, token, spiffeId: CART.spiffeId })).bundlePem
    } finally {
      await server.close()
    }
  }
  const occasion = { nowMillis: Date.now(), by: 'test' }
  await startRotation(folder, occasion)
  const both = await connect(first)
  assert.equal(both.split('BEGIN CERTIFICATE').length - 1, 2)
  await finishRotation(folder, occasion, true)
  assert.equal(await codeOf(connect(first)), 'ca-unreachable')
  await connect(both)
  await finishRotation(folder, occasion, true)
  const last = await connect(both)
  assert.equal(last.split('BEGIN CERTIFICATE').length - 1, 1)
  await connect(last)
})

/** A TLS server with a certificate of the CA for a workload, which answers everything with `body`. It keeps what it was sent. */
async function impostor(t: TestContext, own: boolean, body: (csr: string) => Promise<string> | string): Promise<{ address: string, bundlePem: string, heard: string[] }> {
  const folder = await newCa(t)
  const issuer = await openAuthority(folder).current(Date.now())
  const keys = await generateKeys(true)
  const request = { publicKey: keys.publicKey, ttlMillis: DAY_MILLIS, nowMillis: Date.now() }
  const leaf = own
    ? await issuer.issueOwn({ ...request, dnsNames: [], ipAddresses: ['127.0.0.1'] })
    : await issuer.issue({ ...request, names: { ...CART, ipAddresses: ['127.0.0.1'] } })
  const heard: string[] = []
  const server = createHttpsServer({ key: await exportKeyPem(keys.privateKey), cert: leaf.chainPem }, (incoming, response) => {
    heard.push(incoming.headers.authorization ?? '')
    let text = ''
    incoming.on('data', (chunk) => { text += chunk }).on('end', () => void Promise.resolve(body((JSON.parse(text) as { csr: string }).csr)).then((answer) => response.end(answer)))
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => { server.close(); server.closeAllConnections() })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, bundlePem: leaf.bundlePem, heard }
}

test('a workload of the same mesh that pretends to be the CA is sent no token', async (t) => {
  const { address, bundlePem, heard } = await impostor(t, false, () => '{}')
  await assert.rejects(fetchIdentity({ address, bundlePem, token: 'secret', spiffeId: CART.spiffeId }), { code: 'ca-unreachable', message: /is not that of spiffe:\/\/shop\.test\/mtlscope\/ca/ })
  assert.deepEqual(heard, [])
})

test('answers that are of no use are told and not used', async (t) => {
  const other = await newCa(t)
  const issuer = await openAuthority(other).current(Date.now())
  const stranger = await issuer.issue({ names: CART, publicKey: (await generateKeys(true)).publicKey, ttlMillis: DAY_MILLIS, nowMillis: Date.now() })
  for (const [body, why] of [
    ['{}', /no chain/], ['no json', /answered status 200/], [JSON.stringify({ chain: '', bundle: '' }), /another key/],
    [JSON.stringify({ chain: stranger.chainPem, bundle: stranger.bundlePem }), /another key/], [`{"x": "${'y'.repeat(300_000)}"}`, /more than 262144 bytes/],
  ] as const) {
    const { address, bundlePem } = await impostor(t, true, () => body)
    await assert.rejects(fetchIdentity({ address, bundlePem, token: 'x', spiffeId: CART.spiffeId }), { code: 'ca-unreachable', message: why })
  }
})

test('a certificate for the right key is not used either, where its identity or its issuer is wrong', async (t) => {
  const other = await openAuthority(await newCa(t)).current(Date.now())
  const sign = async (csr: string, spiffeId: string): Promise<IssuedLeaf> => {
    const reading = await verifyCsr(csr)
    assert.ok(reading.ok)
    return await other.issue({ names: { ...CART, spiffeId }, publicKey: reading.csr.publicKey, ttlMillis: DAY_MILLIS, nowMillis: Date.now() })
  }
  const wrongBundle = await bundleOf(await newCa(t))
  for (const [spiffeId, bundle, why] of [
    ['spiffe://shop.test/admin', undefined, /another identity/], [CART.spiffeId, wrongBundle, /does not lead to its bundle/], [CART.spiffeId, undefined, undefined],
  ] as const) {
    const { address, bundlePem } = await impostor(t, true, async (csr) => {
      const leaf = await sign(csr, spiffeId)
      return JSON.stringify({ chain: leaf.chainPem, bundle: bundle ?? leaf.bundlePem })
    })
    const fetching = fetchIdentity({ address, bundlePem, token: 'x', spiffeId: CART.spiffeId })
    if (why === undefined) await fetching
    else await assert.rejects(fetching, { code: 'ca-unreachable', message: why })
  }
})

test('a request for another identity than the token stands for is refused by the CA', async (t) => {
  const folder = await newCa(t)
  const { address } = await serveCa(t, folder)
  const token = await newToken(folder)
  await assert.rejects(fetchIdentity({ address, bundlePem: await bundleOf(folder), token, spiffeId: 'spiffe://shop.test/admin' }), { code: 'ca-refused', message: /asks for spiffe:\/\/shop\.test\/admin/ })
  assert.equal(auditOf(folder).at(-1)?.event, 'refused')
})

test('an unknown token is refused, another root or nobody there is a matter of time', async (t) => {
  const folder = await newCa(t)
  const { address } = await serveCa(t, folder)
  const options = { address, bundlePem: await bundleOf(folder), token: 'x', spiffeId: CART.spiffeId }
  assert.equal(await codeOf(fetchIdentity(options)), 'ca-refused')
  assert.equal(await codeOf(fetchIdentity({ ...options, bundlePem: await bundleOf(await newCa(t)) })), 'ca-unreachable')
  for (const bundlePem of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) assert.equal(await codeOf(fetchIdentity({ ...options, bundlePem })), 'usage')
  assert.equal(await codeOf(fetchIdentity({ ...options, address: '127.0.0.1:1' })), 'ca-unreachable')
  assert.equal(await codeOf(fetchIdentity({ ...options, spiffeId: 'cart' })), 'usage')
})

test('a server that never answers is given up', async (t) => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => { server.close() })
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await assert.rejects(fetchIdentity({ address, bundlePem: await bundleOf(await newCa(t)), token: 'x', spiffeId: CART.spiffeId, timeoutMs: 50 }), { code: 'ca-unreachable', message: /no answer within 50 ms/ })
})

test('no variable of the environment makes it trust everybody', async (t) => {
  const folder = await newCa(t)
  const { address } = await serveCa(t, folder)
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
  t.after(() => { if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED; else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before })
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  assert.equal(await codeOf(fetchIdentity({ address, bundlePem: await bundleOf(await newCa(t)), token: await newToken(folder), spiffeId: CART.spiffeId })), 'ca-unreachable')
})

test('addresses of a CA', () => {
  assert.deepEqual(['ca:1', 'ca', '[::1]:2', '::1', '10.0.0.1'].map(parseCaAddress), [
    { host: 'ca', port: 1 }, { host: 'ca', port: 8444 }, { host: '::1', port: 2 }, { host: '::1', port: 8444 }, { host: '10.0.0.1', port: 8444 },
  ])
  for (const bad of ['', 'ca:0', 'ca:65536', 'https://ca', 'ca:x', 'a b', '[::1']) assert.throws(() => parseCaAddress(bad), { code: 'usage' }, bad)
})
