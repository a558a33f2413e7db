import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import fc from '#property'
import { PLAN, TestPki, freePorts, inboundPlan, outboundPlan, serve, spiffeId, startRelay, startRelayProcess, until } from './relay-pair.ts'
import type { TestRelay } from './relay-pair.ts'
import { FIRST_CREDIT, TYPE, TunnelPeer, credit, frame, open } from './tunnel-peer.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

interface Called { readonly relay: TestRelay, readonly port: number, readonly app: readonly Socket[], dial(name?: string): Promise<TunnelPeer> }

/** cart before an app that sends back what it hears. */
async function startCalled(t: TestContext, limits: Partial<typeof PLAN.limits> = {}): Promise<Called> {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port] = await freePorts(1)
  const relay = await startRelay(t, { ...PLAN, limits: { ...PLAN.limits, ...limits }, inbound: inboundPlan(port!, app.port) }, await pki.material('cart'))
  return { relay, port: port!, app: app.sockets, dial: async (name = 'web') => TunnelPeer.dial(t, port!, await pki.material(name)) }
}

async function echoes(peer: TunnelPeer, stream: number): Promise<void> {
  const sent = randomBytes(1000)
  const before = peer.heard(stream).length
  peer.send(frame(stream, TYPE.data, sent))
  await until(() => peer.heard(stream).length >= before + sent.length, () => `an echo on stream ${stream}`)
  assert.deepEqual(peer.heard(stream).subarray(before), sent)
}

test('a stream carries what is sent, its end, and the other way round', async (t) => {
  const { relay, dial } = await startCalled(t)
  const peer = await dial()
  peer.send(open(1), frame(1, TYPE.data, Buffer.from('hel')), frame(1, TYPE.data, Buffer.from('lo')), frame(1, TYPE.fin))
  await until(() => peer.has(1, TYPE.fin), () => 'the end')
  assert.equal(peer.heard(1).toString(), 'hello')
  const [line] = await relay.next()
  assert.deepEqual([line!.reason, line!.clientIdentity, line!.client, line!.bytesSent], ['finished', spiffeId('web'), '127.0.0.1:40000', 5])
  peer.send(frame(0, TYPE.ping))
  await until(() => peer.has(0, TYPE.pong), () => 'a sign of life')
})

const CRIMES: readonly [what: string, bytes: () => Uint8Array][] = [
  ['garbage', () => Buffer.alloc(300, 0xa5)],
  ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')],
  ['a type that there is none', () => frame(1, 77)],
  ['data on a stream that was not opened', () => frame(7, TYPE.data, Buffer.of(1))],
  ['an end of a stream that was not opened', () => frame(7, TYPE.fin)],
  ['the same stream twice', () => Buffer.concat([open(3), open(3)])],
  ['a stream with a lower number', () => Buffer.concat([open(5), open(4)])],
  ['data behind the end', () => Buffer.concat([open(3), frame(3, TYPE.fin), frame(3, TYPE.data, Buffer.of(1))])],
  ['two ends', () => Buffer.concat([open(3), frame(3, TYPE.fin), frame(3, TYPE.fin)])],
  ['more data than there is credit for', () => Buffer.concat([open(3), ...Array.from({ length: 80 }, () => frame(3, TYPE.data, Buffer.alloc(4096))), ...Array.from({ length: 80 }, () => frame(3, TYPE.data, Buffer.alloc(60_000)))])],
  ['credit beyond all numbers', () => Buffer.concat([open(3), credit(3, 0x7fff_ffff), credit(3, 0x7fff_ffff)])],
  ['a frame longer than there may be', () => Buffer.concat([open(3), Buffer.of(0, 0, 0, 3, 2, 255, 255, 255)])],
  ['a client that goes away', () => frame(0, TYPE.goaway)],
]
for (const [what, bytes] of CRIMES) {
  test(`${what}: the tunnel ends with an error, is counted, and only its streams end`, async (t) => {
    const { relay, app, dial } = await startCalled(t)
    const [bad, good] = [await dial('mallory'), await dial('web')]
    good.send(open(1))
    await echoes(good, 1)
    bad.send(open(1))
    await echoes(bad, 1)
    // The app does not read, so that too much stays too much.
    if (what.startsWith('more data')) app.forEach((socket) => socket.pause())
    bad.send(bytes())
    await bad.closed
    await until(() => relay.metrics().tunnelsBroken === 1, () => 'a count')
    const lines = await relay.next()
    assert.ok(lines.every(({ reason, clientIdentity }) => ['client-broken', 'client-reset', 'finished'].includes(reason) && clientIdentity === spiffeId('mallory')), JSON.stringify(lines))
    if (what.startsWith('more data')) app.forEach((socket) => socket.resume())
    await echoes(good, 1)
    assert.equal(relay.metrics().tunnels, 1)
  })
}

test('a tunnel whose first bytes are nonsense has a line of its own', async (t) => {
  const { relay, dial } = await startCalled(t)
  const peer = await dial('mallory')
  peer.send(Buffer.alloc(12, 0xff))
  await peer.closed
  const [line] = await relay.next()
  assert.deepEqual([line!.reason, line!.detail, line!.clientIdentity], ['client-broken', 'tunnel: what came is no frame', spiffeId('mallory')])
})

test('half a frame holds nobody else up, and the rest of it may come at any time', async (t) => {
  const { dial } = await startCalled(t)
  const [slow, other] = [await dial(), await dial()]
  const whole = Buffer.concat([open(1), frame(1, TYPE.data, Buffer.from('late')), frame(1, TYPE.fin)])
  for (const byte of whole) {
    slow.send(Buffer.of(byte))
    if (byte % 3 === 0) await sleep(2)
    if (byte === 108) {
      other.send(open(1))
      await echoes(other, 1)
    }
  }
  await until(() => slow.has(1, TYPE.fin), () => 'the end')
  assert.equal(slow.heard(1).toString(), 'late')
})

test('whoever leaves in the middle of a frame has not ended its streams', async (t) => {
  const { relay, app, dial } = await startCalled(t)
  const peer = await dial()
  peer.send(open(1))
  await echoes(peer, 1)
  const errors: string[] = []
  app[0]!.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''))
  peer.socket.end(frame(1, TYPE.data, Buffer.alloc(100)).subarray(0, 50))
  await until(() => app[0]!.destroyed, () => 'the end of the app')
  assert.deepEqual(errors, ['ECONNRESET'])
  assert.equal((await relay.next())[0]!.reason, 'client-truncated')
})

test('a caller that never gives credit stops only itself, and what it is sent is bounded', async (t) => {
  const { relay, app, dial } = await startCalled(t)
  const [greedy, other] = [await dial(), await dial()]
  greedy.send(open(1), open(2))
  await echoes(greedy, 2)
  await until(() => app.length === 2, () => 'two calls')
  for (const socket of app) socket.unpipe(socket)
  for (const socket of app) socket.write(Buffer.alloc(1_000_000))
  await until(() => greedy.heard(1).length === FIRST_CREDIT && greedy.heard(2).length === FIRST_CREDIT, () => 'all that there is credit for')
  other.send(open(1))
  await echoes(other, 1)
  assert.equal(greedy.heard(1).length, FIRST_CREDIT)
  greedy.send(credit(1, 5000))
  await until(() => greedy.heard(1).length === FIRST_CREDIT + 5000, () => 'what there is credit for now')
  assert.equal((await relay.connections()).length, 3)
})

test('whoever goes on with an old tunnel is asked again for each stream, by the plan of that moment, and soon refused altogether', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port] = await freePorts(1)
  const plan = (allow: string): typeof PLAN => ({ ...PLAN, inbound: inboundPlan(port!, app.port, { allow: { default: [spiffeId(allow)], ports: {} } }) })
  const relay = await startRelay(t, plan('web'), await pki.material('cart'))
  const peer = await TunnelPeer.dial(t, port!, await pki.material('web'))
  peer.send(open(1))
  await echoes(peer, 1)
  relay.replacePlan(plan('admin'))
  await until(() => peer.has(0, TYPE.goaway), () => 'a word that it is over')
  peer.send(open(2), frame(2, TYPE.data, Buffer.from('let me in')))
  await until(() => peer.has(2, TYPE.reset), () => 'a refusal')
  assert.ok(relay.metrics().identitiesRefused >= 1 || relay.finished.some(({ reason }) => reason === 'drained'))
  await echoes(peer, 1)
  await sleep(2200)
  relay.replacePlan(plan('web'))
  peer.send(open(3))
  await until(() => peer.has(3, TYPE.reset), () => 'a refusal of all')
  assert.equal((await relay.next(2))[1]!.reason, 'drained')
  await echoes(peer, 1)
  assert.equal(app.sockets.length, 1)
})

test('streams beyond the limit are refused one by one, and room is given back', async (t) => {
  const { relay, dial } = await startCalled(t, { connections: 3 })
  const peer = await dial()
  peer.send(...Array.from({ length: 5 }, (_, i) => open(i + 1)))
  await until(() => peer.has(4, TYPE.reset) && peer.has(5, TYPE.reset), () => 'two refusals')
  assert.deepEqual((await relay.next(2)).map(({ reason }) => reason), ['limit', 'limit'])
  peer.send(frame(1, TYPE.reset, Buffer.of(0)), open(6))
  await echoes(peer, 6)
  assert.equal(relay.metrics().active, 3)
})

test('100,000 streams that are opened and reset leave nothing behind', async (t) => {
  const app = await serve(t, (socket) => socket.resume())
  const [port] = await freePorts(1)
  const relay = await startRelayProcess(t, { ...PLAN, inbound: inboundPlan(port!, app.port) }, await pki.material('cart'))
  const peer = await TunnelPeer.dial(t, port!, await pki.material('mallory'))
  let id = 0
  const round = async (count: number): Promise<void> => {
    for (const end = id + count; id < end;) {
      const batch: Buffer[] = []
      for (let i = 0; i < 500; i++) batch.push(open(++id), frame(id, TYPE.data, Buffer.alloc(20)), frame(id, TYPE.reset, Buffer.of(1)))
      const pongs = peer.frames.length
      peer.send(...batch, frame(0, TYPE.ping))
      await until(() => peer.frames.slice(pongs).some(({ type }) => type === TYPE.pong), () => 'a pong')
      peer.frames.length = 0
    }
    await relay.until(({ active }) => active === 0)
  }
  await round(20_000)
  const first = relay.use()
  await round(100_000)
  const last = relay.use()
  assert.equal(last.descriptors, first.descriptors)
  assert.ok(last.rssBytes < first.rssBytes + 24 * 2 ** 20, `${first.rssBytes} became ${last.rssBytes}`)
  assert.equal((await relay.metrics()).tunnels, 1)
})

/** Any frames, mostly such as make sense, and now and then bytes that are none. */
const NOISE = fc.array(fc.oneof(
  { weight: 3, arbitrary: fc.record({ id: fc.integer({ min: 1, max: 12 }) }).map(({ id }) => open(id)) },
  { weight: 8, arbitrary: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3000 })).map(([id, size]) => frame(id, TYPE.data, Buffer.alloc(size, id))) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 12 }).map((id) => frame(id, TYPE.fin)) },
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 255 })).map(([id, code]) => frame(id, TYPE.reset, Buffer.of(code))) },
  { weight: 3, arbitrary: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 0x7fff_ffff })).map(([id, bytes]) => credit(id, bytes)) },
  { weight: 1, arbitrary: fc.constant(frame(0, TYPE.ping)) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
), { minLength: 1, maxLength: 40 })

test('whatever an authenticated caller sends, the sidecar goes on, and other tunnels do not notice', async (t) => {
  const { relay, dial } = await startCalled(t)
  const good = await dial('web')
  good.send(open(1))
  await fc.assert(fc.asyncProperty(NOISE, fc.boolean(), async (frames, abrupt) => {
    const bad = await dial('mallory')
    bad.send(...frames)
    if (abrupt) bad.socket.destroy()
    else bad.socket.end()
    await bad.closed
    await echoes(good, 1)
  }), { numRuns: 40 })
  await until(() => relay.metrics().tunnels === 1 && relay.metrics().active === 1, () => `an end of all but one: ${JSON.stringify(relay.metrics())}`)
  assert.equal(relay.metrics().threadsFailed, 0)
})

/** web, whose calls go to a server that the test plays. */
async function startCaller(t: TestContext, played: (peer: TunnelPeer) => void, limits: Partial<typeof PLAN.limits> = {}): Promise<{ relay: TestRelay, port: number }> {
  const wire = await TunnelPeer.listen(t, await pki.material('cart'), played)
  const [port] = await freePorts(1)
  return { relay: await startRelay(t, { ...PLAN, limits: { ...PLAN.limits, ...limits }, outbound: outboundPlan(port!, wire) }, await pki.material('web')), port: port! }
}

function dialApp(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

async function errorOf(socket: Socket): Promise<string> {
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException]
  return error.code ?? ''
}

for (const [what, answer] of [
  ['garbage', () => Buffer.alloc(64, 0x5a)],
  ['a stream that it opens itself', () => open(99)],
  ['data on a stream that nobody opened', () => frame(50, TYPE.data, Buffer.of(1))],
  ['more data than it has credit for', () => Buffer.concat(Array.from({ length: 200 }, () => frame(1, TYPE.data, Buffer.alloc(60_000))))],
] as const) {
  test(`a server that sends ${what}: the apps get a reset, and the next call another tunnel`, async (t) => {
    const peers: TunnelPeer[] = []
    const { relay, port } = await startCaller(t, (peer) => void peers.push(peer))
    const socket = dialApp(port)
    socket.pause()
    const failed = errorOf(socket)
    await until(() => peers[0]?.has(1, TYPE.open) === true, () => 'a stream')
    peers[0]!.send(answer())
    socket.resume()
    if (what.startsWith('more')) socket.pause()
    await peers[0]!.closed
    await until(() => relay.metrics().tunnelsBroken === 1, () => 'a count')
    socket.resume()
    assert.equal(await failed, 'ECONNRESET')
    assert.equal((await relay.next())[0]!.reason, 'server-broken')
    const again = dialApp(port)
    again.end('again')
    await until(() => peers[1]?.has(1, TYPE.fin) === true, () => 'the same in another tunnel')
    peers[1]!.send(frame(1, TYPE.data, peers[1]!.heard(1)), frame(1, TYPE.fin))
    assert.equal(await text(again), 'again')
  })
}

test('a server that says nothing is asked for a sign of life; calls that it never answered end, one that it did goes on', async (t) => {
  const peers: TunnelPeer[] = []
  const { relay, port } = await startCaller(t, (peer) => void peers.push(peer), { connectTimeoutMs: 3000 })
  const answered = dialApp(port)
  await until(() => peers[0]?.has(1, TYPE.open) === true, () => 'a stream')
  peers[0]!.send(frame(1, TYPE.data, Buffer.from('hello')))
  await once(answered, 'data')
  // Later than what was heard last.
  await sleep(100)
  const unanswered = dialApp(port)
  assert.equal(await errorOf(unanswered), 'ECONNRESET')
  const [line] = await relay.next()
  assert.deepEqual([line!.reason, line!.detail], ['connect-timeout', 'the tunnel is silent'])
  assert.ok(peers[0]!.has(0, TYPE.ping))
  const heard = text(answered.end('x'))
  await until(() => peers[0]!.has(1, TYPE.fin), () => 'the end of the first')
  peers[0]!.send(frame(1, TYPE.data, Buffer.from(' again')), frame(1, TYPE.fin))
  assert.equal(await heard, ' again')
})

test('a server that goes away gets no more streams, and those that it has end in order', async (t) => {
  const peers: TunnelPeer[] = []
  const { port } = await startCaller(t, (peer) => void peers.push(peer))
  const first = dialApp(port)
  first.write('one')
  await until(() => peers[0]?.heard(1).toString() === 'one', () => 'the first')
  peers[0]!.send(frame(0, TYPE.goaway), frame(0, TYPE.ping))
  await until(() => peers[0]!.has(0, TYPE.pong), () => 'a word that it has read that')
  assert.equal(peers.length, 1)
  const second = dialApp(port)
  second.write('two')
  await until(() => peers[1]?.heard(1).toString() === 'two', () => 'the second, in another tunnel')
  peers[0]!.send(frame(1, TYPE.data, Buffer.from('bye')), frame(1, TYPE.fin))
  assert.equal(await text(first.end()), 'bye')
  assert.equal(await peers[0]!.closed, '')
  second.destroy()
})
