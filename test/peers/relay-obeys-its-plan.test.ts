import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { before } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { SidecarPlan } from '../../src/proxy/sidecar-plan.ts'
import type { MtlscopeError } from '../../src/base/errors.ts'
import { HOUR_MS, PLAN, TestPki, deferred, freePorts, inboundPlan, outboundPlan, serve, spiffeId, startPair, startRelay, until, withAndWithoutTunnel } from './relay-pair.ts'
import type { TappedChunk } from '../../src/proxy/relay/relay.ts'
import { openRelay } from '../../src/proxy/relay/relay.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

const hostOptions = (port: number) => ({ port, host: '127.0.0.1', allowHalfOpen: true })

withAndWithoutTunnel('a permissive port takes mTLS, TLS, plaintext, and servers that speak first, and counts them apart', async (t) => {
  const app = await serve(t, (socket) => {
    socket.write('welcome ')
    socket.pipe(socket)
  })
  const [wire] = await freePorts(1)
  const relay = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port, { default: 'permissive' }) }, await pki.material('cart'))
  const { keyPem, chainPem, bundlePem } = await pki.material('web')
  const tls = { ...hostOptions(wire), ca: bundlePem, servername: 'cart' }
  assert.equal(await text(connect(hostOptions(wire)).end('clear')), 'welcome clear')
  assert.equal(await text(connectTls(tls).end('tls')), 'welcome tls')
  assert.equal(await text(connectTls({ ...tls, key: keyPem, cert: chainPem }).end('mtls')), 'welcome mtls')
  const silent = connect(hostOptions(wire))
  const [greeting] = await once(silent, 'data') as [Buffer]
  assert.equal(greeting.toString(), 'welcome ')
  silent.end()
  const ends = await relay.next(4)
  assert.deepEqual(ends.map(({ security, clientIdentity }) => [security, clientIdentity]), [
    ['plaintext', undefined], ['tls', undefined], ['mtls', spiffeId('web')], ['plaintext', undefined]])
  const { inboundMtls, inboundTls, inboundPlaintext } = relay.metrics()
  assert.deepEqual([inboundMtls, inboundTls, inboundPlaintext], [1, 1, 2])
})

withAndWithoutTunnel('a plaintext port hands on what comes', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [wire] = await freePorts(1)
  await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port, { ports: { [app.port]: 'plaintext' } }) }, await pki.material('cart'))
  assert.equal(await text(connect(hostOptions(wire)).end('clear')), 'clear')
})

withAndWithoutTunnel('the app learns of its caller from a PROXY protocol header', async (t) => {
  const heard = deferred<Buffer>()
  const app = await serve(t, (socket) => {
    void buffer(socket).then(heard.resolve)
    socket.end()
  })
  const pair = await startPair(t, pki, app.port, (plan) => plan.inbound === undefined ? plan : { ...plan, inbound: { ...plan.inbound, source: 'proxy-protocol' } })
  const socket = connect(hostOptions(pair.port)).end('payload')
  await text(socket)
  const bytes = await heard.promise
  assert.equal(bytes.subarray(0, 12).toString('hex'), '0d0a0d0a000d0a515549540a')
  assert.deepEqual([...bytes.subarray(12, 14)], [0x21, 0x11])
  const length = bytes.readUInt16BE(14)
  assert.equal(bytes.subarray(16 + length).toString(), 'payload')
  assert.equal(bytes.readUInt16BE(26), app.port)
  const header = bytes.subarray(16, 16 + length).toString('latin1')
  assert.ok(header.includes(`\xe5\0${String.fromCharCode(spiffeId('web').length)}${spiffeId('web')}`))
  assert.ok(header.includes('\x22\0\x03web') && header.includes('TLSv1.3'))
})

withAndWithoutTunnel('what the sidecar sees can be tapped, and only while it is asked for', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  assert.equal(await text(connect(hostOptions(pair.port)).end('before')), 'before')
  const chunks: TappedChunk[] = []
  pair.inbound.tap((batch) => void chunks.push(...batch))
  assert.equal(await text(connect(hostOptions(pair.port)).end('during')), 'during')
  await until(() => chunks.filter(({ bytes }) => bytes.length === 0).length === 2, () => 'the ends of both directions')
  const said = (fromClient: boolean): string => Buffer.concat(chunks.filter((chunk) => chunk.fromClient === fromClient).map(({ bytes }) => bytes)).toString()
  assert.deepEqual([said(true), said(false)], ['during', 'during'])
  pair.inbound.tap(undefined)
  assert.equal(await text(connect(hostOptions(pair.port)).end('after')), 'after')
  assert.equal(said(true), 'during')
})

withAndWithoutTunnel('a new identity is shown to new connections, and open ones go on', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port, wire] = await freePorts(2)
  const inbound = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port) }, await pki.material('cart'))
  await startRelay(t, { ...PLAN, outbound: outboundPlan(port, wire) }, await pki.material('web'))
  const old = connect(hostOptions(port))
  old.write('x')
  await once(old, 'data')
  inbound.replaceIdentity(await pki.material('cart-2'))
  assert.equal(await text(connect(hostOptions(port)).end('new')), 'new')
  assert.equal(await text(old.end('still here')), 'still here')
  const identities = (await inbound.next(2)).map(({ bytesSent, resumed }) => [bytesSent, resumed])
  assert.deepEqual(identities, [[3, false], [11, false]])
})

withAndWithoutTunnel('material that cannot be used is refused, and the old stays', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const [good, other] = [await pki.material('cart'), await pki.material('other')]
  for (const bad of [
    { ...good, keyPem: other.keyPem }, { ...good, keyPem: '' }, { ...good, chainPem: 'x' }, { ...good, bundlePem: '' },
    { ...good, bundlePem: good.bundlePem.replace(/\n[A-Za-z0-9+/]{8}/, '\n!!!!!!!!') },
  ]) {
    assert.throws(() => pair.inbound.replaceIdentity(bad), (error: MtlscopeError) => error.code === 'bad-identity')
  }
  assert.equal(await text(connect(hostOptions(pair.port)).end('fine')), 'fine')
})

withAndWithoutTunnel('an expired certificate and one of a foreign CA are refused by both sides', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const foreign = await TestPki.create()
  for (const [client, server] of [[await pki.material('web', -HOUR_MS), await pki.material('cart')], [await foreign.material('web'), await pki.material('cart')], [await pki.material('web'), await pki.material('cart', -HOUR_MS)]]) {
    const [port, wire] = await freePorts(2)
    await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port) }, server)
    const outbound = await startRelay(t, { ...PLAN, outbound: outboundPlan(port, wire) }, client)
    const socket = connect(hostOptions(port))
    socket.write('secret')
    await assert.rejects(once(socket, 'end'), { code: 'ECONNRESET' })
    assert.equal((await outbound.next())[0].reason, 'handshake-failed')
  }
  assert.equal(app.sockets.length, 0)
})

withAndWithoutTunnel('a new plan opens and closes listeners, and changes who may call', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [first, second, wire] = await freePorts(3)
  const inbound = (allow: string): SidecarPlan => ({ ...PLAN, inbound: inboundPlan(wire, app.port, { allow: { default: [allow], ports: {} } }) })
  const server = await startRelay(t, inbound(spiffeId('web')), await pki.material('cart'))
  const client = await startRelay(t, { ...PLAN, outbound: outboundPlan(first, wire) }, await pki.material('web'))
  assert.equal(await text(connect(hostOptions(first)).end('1')), '1')
  client.replacePlan({ ...PLAN, outbound: outboundPlan(second, wire) })
  assert.equal(await text(connect(hostOptions(second)).end('2')), '2')
  await assert.rejects(once(connect(hostOptions(first)), 'end'), { code: 'ECONNREFUSED' })
  server.replacePlan(inbound(spiffeId('admin')))
  await until(() => server.finished.length === 2, () => 'the ends of two')
  await assert.rejects(text(connect(hostOptions(second)).end('3')), { code: 'ECONNRESET' })
})

withAndWithoutTunnel('a port that is taken is an error, and the old plan stays', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  for (const threads of [1, 2]) {
    assert.throws(() => openRelay({ ...PLAN, threads, inbound: inboundPlan(pair.wirePort, app.port) }, { keyPem: '', chainPem: '', bundlePem: '' }, { connections() {}, notice() {}, failed() {} }), { code: 'bad-identity' })
  }
  const material = await pki.material('x')
  for (const threads of [1, 2]) {
    assert.throws(() => openRelay({ ...PLAN, threads, inbound: inboundPlan(pair.wirePort, app.port) }, material, { connections() {}, notice() {}, failed() {} }), { message: `cannot listen on 127.0.0.1:${pair.wirePort}: EADDRINUSE` })
  }
  assert.throws(() => pair.outbound.replacePlan({ ...PLAN, outbound: outboundPlan(pair.wirePort, 1) }), /EADDRINUSE/)
  assert.equal(await text(connect(hostOptions(pair.port)).end('fine')), 'fine')
})

withAndWithoutTunnel('two threads share a port', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port, (plan) => ({ ...plan, threads: 2 }))
  const texts = await Promise.all(Array.from({ length: 40 }, (_, i) => text(connect(hostOptions(pair.port)).end(String(i)))))
  assert.deepEqual(texts, Array.from({ length: 40 }, (_, i) => String(i)))
  const ids = (await pair.inbound.next(40)).map(({ id }) => id)
  assert.equal(new Set(ids).size, 40)
  // Of a tunnel all streams are on one thread.
  if (pair.inbound.metrics().tunnelsOpened === 0) assert.ok(new Set(ids.map((id) => id % 2)).size === 2, 'one thread had all connections')
})

withAndWithoutTunnel('a name is resolved, and one without an address is said and refused', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port, lost, wire] = await freePorts(3)
  await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port) }, await pki.material('cart'))
  const plan = outboundPlan(port, wire)!
  const map = [{ ...plan.map[0], to: { host: 'localhost', port: wire } }, { listen: { host: '127.0.0.1', port: lost }, to: { host: 'nobody.invalid', port: 1 }, identities: [] }]
  const outbound = await startRelay(t, { ...PLAN, outbound: { ...plan, map } }, await pki.material('web'))
  assert.equal(await text(connect(hostOptions(port)).end('by name')), 'by name')
  await assert.rejects(once(connect(hostOptions(lost)), 'end'), { code: 'ECONNRESET' })
  await until(() => outbound.finished.some(({ reason }) => reason === 'unresolved'), () => 'a refusal')
  const [notice, ...others] = outbound.notices.filter(({ kind }) => kind === 'unresolved')
  // Where no name server answers, nobody knows that there is none.
  assert.ok(['ENOTFOUND', 'EAI_AGAIN'].some((cause) => isDeepStrictEqual(notice, { kind: 'unresolved', host: 'nobody.invalid', cause })), JSON.stringify(notice))
  assert.deepEqual(others, [])
  assert.deepEqual(outbound.notices.filter(({ kind }) => kind === 'ca-only').length, 1)
})

withAndWithoutTunnel('a thread that a bug ends is replaced, and listens where it did', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port] = await freePorts(1)
  const plan: SidecarPlan = { ...PLAN, inbound: inboundPlan(port, app.port, { default: 'plaintext' }) }
  const failures: Error[] = []
  const relay = openRelay(plan, await pki.material('cart'), { connections() {}, notice() {}, failed: (error) => void failures.push(error) })
  t.after(() => relay.close())
  await relay.ready
  const cut = connect(hostOptions(port)).on('error', () => {})
  cut.write('x')
  await once(cut, 'data')
  // No thread can make anything of this one.
  relay.replacePlan({ ...plan, limits: undefined as never })
  await new Promise((resolve) => cut.once('close', resolve))
  relay.replacePlan(plan)
  assert.equal(await text(connect(hostOptions(port)).end('back')), 'back')
  assert.ok(failures.length >= 1)
  assert.equal(relay.metrics().threadsFailed, failures.length)
})
