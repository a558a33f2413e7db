import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { before } from 'node:test'
import type { TestContext } from 'node:test'
import { PLAN, TestPki, freePorts, inboundPlan, outboundPlan, serve, startPair, startRelay, startRelayProcess, until, withAndWithoutTunnel, withTunnel, withoutTunnel } from './relay-pair.ts'
import type { TestRelay } from './relay-pair.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

interface Wire { readonly inbound: TestRelay, readonly outbound: TestRelay, readonly port: number, readonly app: readonly Socket[], readonly hops: { near: Socket, far: Socket }[] }

/** A pair with a stretch of wire between that the test holds in its hands. */
async function startWire(t: TestContext, idleTimeoutMs = 0): Promise<Wire> {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port, wire] = await freePorts(2)
  const hops: { near: Socket, far: Socket }[] = []
  const middle = await serve(t, (near) => {
    const far = dial(wire)
    t.after(() => far.destroy())
    near.pipe(far)
    far.pipe(near)
    far.on('close', () => near.destroy())
    hops.push({ near, far })
  })
  const limits = { ...PLAN.limits, idleTimeoutMs }
  const inbound = await startRelay(t, { ...PLAN, limits, inbound: inboundPlan(wire, app.port) }, await pki.material('cart'))
  const outbound = await startRelay(t, { ...PLAN, outbound: outboundPlan(port, middle.port) }, await pki.material('web'))
  return { inbound, outbound, port, app: app.sockets, hops }
}

async function established(port: number): Promise<Socket> {
  const socket = dial(port)
  socket.write('x')
  await once(socket, 'data')
  return socket
}

withAndWithoutTunnel('an end without close_notify is a reset for the app, not an end', async (t) => {
  const { inbound, port, app, hops } = await startWire(t)
  await established(port)
  const errors: string[] = []
  app[0].on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''))
  hops[0].near.unpipe(hops[0].far)
  hops[0].far.end()
  await closed(app[0])
  assert.deepEqual(errors, ['ECONNRESET'])
  assert.equal((await inbound.next())[0].reason, 'client-truncated')
})

withAndWithoutTunnel('bytes that do not decrypt end the connection, and none of them is passed on', async (t) => {
  const { inbound, port, app, hops } = await startWire(t)
  await established(port)
  let heard = 0
  app[0].on('data', (bytes: Buffer) => { heard += bytes.length })
  hops[0].far.write(Buffer.concat([Buffer.of(23, 3, 3, 0, 100), randomBytes(100)]))
  await closed(app[0])
  assert.equal((await inbound.next())[0].reason, 'client-broken')
  assert.equal(heard, 0)
})

/** What was sent, with its records around it, once nothing more comes and the last record is whole. */
async function untilQuiet(held: readonly Buffer[], sentBytes: number): Promise<Buffer> {
  for (let before = -1; ; await sleep(200)) {
    const wire = Buffer.concat(held)
    let end = 0
    while (end + 5 <= wire.length) end += 5 + wire.readUInt16BE(end + 3)
    if (wire.length > sentBytes && wire.length === before && end === wire.length) return wire
    before = wire.length
  }
}

/** Where the wire cuts the first record: in its header, behind it, in its middle, before its last byte. */
for (const cut of [3, 5, 6, 3000, 16_405]) {
  withAndWithoutTunnel(`what follows a record that came in two pieces, cut after ${cut} bytes, is not left lying`, async (t) => {
    const { port, hops } = await startWire(t)
    const client = await established(port)
    const { near, far } = hops[0]
    near.unpipe(far)
    const held: Buffer[] = []
    near.on('data', (bytes: Buffer) => held.push(bytes)).resume()
    const sent = randomBytes(60_000)
    const heard: Buffer[] = []
    client.on('data', (bytes: Buffer) => heard.push(bytes))
    client.write(sent)
    const wire = await untilQuiet(held, sent.length)
    far.write(wire.subarray(0, cut))
    await sleep(100)
    // All that there is: nothing comes later that would tell of it again.
    far.write(wire.subarray(cut))
    await until(() => heard.reduce((sum, { length }) => sum + length, 0) === sent.length, () => `the answer, ${heard.reduce((sum, { length }) => sum + length, 0)} bytes of it are there`)
    assert.ok(Buffer.concat(heard).equals(sent))
    client.destroy()
  })
}

/** Hands the bytes on in pieces of any size, some at once and some after a while. */
function chop(from: Socket, to: Socket, sizes: () => number): void {
  from.unpipe(to)
  const held: Buffer[] = []
  let busy = false
  const pass = async (): Promise<void> => {
    if (busy) return
    busy = true
    while (held.length > 0 && !to.destroyed) {
      const bytes = Buffer.concat(held.splice(0))
      const size = Math.min(bytes.length, sizes())
      to.write(bytes.subarray(0, size))
      if (size < bytes.length) held.unshift(bytes.subarray(size))
      if (size % 3 === 0) await sleep(size % 5)
    }
    busy = false
  }
  from.on('data', (bytes: Buffer) => {
    held.push(bytes)
    void pass()
  }).resume()
}

withAndWithoutTunnel('however the wire cuts it, everything arrives, byte for byte', async (t) => {
  const { port, hops } = await startWire(t)
  const client = await established(port)
  let seed = 1
  const sizes = (): number => {
    seed = seed * 48_271 % 0x7fff_ffff
    return 1 + seed % [30, 3000, 17_000, 70_000][seed % 4]!
  }
  chop(hops[0].near, hops[0].far, sizes)
  chop(hops[0].far, hops[0].near, sizes)
  for (let round = 0; round < 30; round++) {
    const sent = randomBytes(1 + (round * 7919 + 40) % 90_000)
    const heard: Buffer[] = []
    let count = 0
    const hear = (bytes: Buffer): void => {
      heard.push(bytes)
      count += bytes.length
    }
    client.on('data', hear)
    client.write(sent)
    await until(() => count >= sent.length, () => `the answer of round ${round}: ${count} of ${sent.length} bytes`)
    client.off('data', hear)
    assert.ok(Buffer.concat(heard).equals(sent))
  }
  client.destroy()
})

withoutTunnel('a record that stays incomplete holds back only itself, and the idle time-out ends it', async (t) => {
  const { inbound, port, hops } = await startWire(t, 3000)
  const stuck = await established(port)
  const { near, far } = hops[0]
  near.unpipe(far)
  near.on('data', (bytes: Buffer) => far.write(bytes.subarray(0, 9))).resume()
  stuck.write('never to arrive')
  await sleep(50)
  const other = await established(port)
  assert.equal((await inbound.connections()).length, 2)
  await closed(stuck)
  const [end] = await inbound.next()
  assert.deepEqual([end.reason, end.bytesSent], ['idle', 1])
  other.destroy()
})

withTunnel('where a record stays incomplete all that shares the tunnel waits, the idle time-out ends it, and new connections go by another tunnel', async (t) => {
  const { inbound, outbound, port, hops } = await startWire(t, 3000)
  const [stuck, beside] = [await established(port), await established(port)]
  const { near, far } = hops[0]
  near.unpipe(far)
  near.on('data', (bytes: Buffer) => far.write(bytes.subarray(0, 9))).resume()
  const ended = Promise.all([closed(stuck), closed(beside)])
  stuck.write('never to arrive')
  await ended
  assert.deepEqual((await inbound.next(2)).map(({ reason, bytesSent }) => [reason, bytesSent]), [['idle', 1], ['idle', 1]])
  // It finds out that nothing comes back any more, and does not wait for that with those that are new.
  let other: Socket | undefined
  for (const deadline = Date.now() + 30_000; other === undefined && Date.now() < deadline;) {
    const tried = dial(port)
    tried.write('x')
    const isServed = await Promise.race([once(tried, 'data').then(() => true, () => false), closed(tried).then(() => false), sleep(400, false)])
    if (isServed) other = tried
    else tried.destroy()
  }
  assert.ok(other !== undefined, 'nobody was served any more')
  assert.ok(outbound.metrics().tunnelsOpened >= 2)
  other.destroy()
})

withAndWithoutTunnel('an app that restarts: its connections end with a reset, callers meanwhile too, and then it is there again', async (t) => {
  const first = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, first.port)
  const open = await Promise.all(Array.from({ length: 5 }, () => established(pair.port)))
  const errorOf = (socket: Socket): Promise<string | undefined> => new Promise((resolve) => {
    let code: string | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => { code = error.code }).on('close', () => resolve(code)).resume()
  })
  const ends = open.map(errorOf)
  const closing = once(first.server, 'close')
  first.server.close()
  first.sockets.forEach((socket) => socket.resetAndDestroy())
  await closing
  assert.deepEqual(await Promise.all(ends), open.map(() => 'ECONNRESET'))
  assert.equal(await errorOf(dial(pair.port)), 'ECONNRESET')
  assert.deepEqual((await pair.inbound.next(6)).map(({ reason }) => reason).toSorted(), ['connect-refused', ...open.map(() => 'server-reset')])
  await serve(t, (socket) => socket.end('back'), first.port)
  assert.equal(await text(dial(pair.port).end()), 'back')
})

withAndWithoutTunnel('certificates are replaced under load, and no connection notices', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const materials = await Promise.all(Array.from({ length: 4 }, async () => [await pki.material('cart'), await pki.material('web')] as const))
  const failures: string[] = []
  let calls = 0
  let loading = true
  const lasting = Array.from({ length: 8 }, () => dial(pair.port))
  const stream = async (socket: Socket): Promise<void> => {
    while (loading) {
      const sent = randomBytes(20_000)
      socket.write(sent)
      const got: Buffer[] = []
      for (let size = 0; size < sent.length;) {
        const [bytes] = await once(socket, 'data') as [Buffer]
        size += bytes.length
        got.push(bytes)
      }
      if (!Buffer.concat(got).equals(sent)) failures.push('other bytes came back')
    }
    socket.destroy()
  }
  const call = async (): Promise<void> => {
    while (loading) {
      const word = `call ${calls++}`
      if (await text(dial(pair.port).end(word)) !== word) failures.push(word)
    }
  }
  const load = [...lasting.map(stream), call(), call()]
  // On a busy machine it takes more rounds until there was some load.
  for (let round = 0; round < 24 || calls <= 20 && round < 2000; round++) {
    const [cart, web] = materials[round % 4]
    pair.inbound.replaceIdentity(cart)
    pair.outbound.replaceIdentity(web)
    await sleep(30)
  }
  loading = false
  await Promise.all(load)
  assert.deepEqual(failures, [])
  assert.ok(calls > 20)
  assert.deepEqual(pair.inbound.finished.map(({ reason }) => reason).filter((reason) => reason !== 'finished' && reason !== 'client-reset'), [])
})

withoutTunnel('a sidecar that was stopped for longer than the idle time-out sees what came meanwhile before it looks at the clock', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port] = await freePorts(1)
  const idleTimeoutMs = 4000
  const relay = await startRelayProcess(t, { ...PLAN, limits: { ...PLAN.limits, idleTimeoutMs }, inbound: inboundPlan(port, app.port, { default: 'plaintext' }) }, await pki.material('cart'))
  const sockets = await Promise.all(Array.from({ length: 20 }, () => established(port)))
  await relay.pause()
  const answers = Promise.all(sockets.map(async (socket) => String((await once(socket, 'data') as [Buffer])[0])))
  for (const socket of sockets) socket.write('y')
  await sleep(idleTimeoutMs + 500)
  relay.resume()
  assert.deepEqual(await answers, sockets.map(() => 'y'))
  for (const socket of sockets) socket.destroy()
})

withAndWithoutTunnel('without file descriptors callers are turned away at once, and come in again when there are some', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port] = await freePorts(1)
  const relay = await startRelayProcess(t, { ...PLAN, inbound: inboundPlan(port, app.port, { default: 'plaintext' }) }, await pki.material('cart'), ['prlimit', '--nofile=80:80'])
  const sockets = Array.from({ length: 100 }, () => dial(port))
  const ended = sockets.map((socket) => closed(socket).then(() => true))
  await until(() => sockets.filter(({ destroyed }) => destroyed).length >= 50, () => 'refusals')
  const full = await relay.metrics()
  assert.ok(full.refusedForDescriptors >= 50, JSON.stringify(full))
  assert.ok(full.active >= 10)
  sockets.forEach((socket) => socket.destroy())
  await Promise.all(ended)
  // The relay sees their ends a moment after we do.
  await until(async () => await text(dial(port).end('room again')).catch(() => '') === 'room again', () => 'room again')
})
