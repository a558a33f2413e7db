import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { before, test } from 'node:test'
import { PLAN, TestPki, deferred, freePorts, inboundPlan, outboundPlan, serve, spiffeId, startPair, startRelay, until } from './relay-pair.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => { socket.once('close', resolve) })
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Sends it and compares what comes back. */
async function echo(port: number, sizeBytes: number): Promise<void> {
  const sent = randomBytes(sizeBytes)
  assert.equal(digest(await buffer(dial(port).end(sent))), digest(sent))
}

test('one slow reader neither stops nor fills the others of its tunnel', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const slow = dial(pair.port)
  slow.pause()
  let written = 0
  for (let full = false; !full && written < 256 * 2 ** 20;) {
    const chunk = randomBytes(65_536)
    written += chunk.length
    if (!slow.write(chunk)) full = await Promise.race([once(slow, 'drain').then(() => false), sleep(300, true)])
  }
  assert.ok(written < 256 * 2 ** 20, 'the writer was never stopped')
  for (let round = 0; round < 5; round++) await Promise.all([1, 1000, 100_000, 1_000_000].map((size) => echo(pair.port, size)))
  assert.ok(pair.outbound.metrics().tunnelsOpened >= 1)
  slow.end()
  let heard = 0
  slow.on('data', (bytes: Buffer) => { heard += bytes.length }).resume()
  await until(() => heard === written, () => `all of the slow one: ${heard} of ${written}`)
})

test('1,000 connections at once: each gets its own bytes', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const sockets = Array.from({ length: 1000 }, () => dial(pair.port))
  const answers = sockets.map((socket) => buffer(socket))
  const sent = sockets.map((_, i) => randomBytes(1 + (i * 7919) % 20_000))
  sockets.forEach((socket, i) => socket.write(sent[i]!.subarray(0, sent[i]!.length >> 1)))
  await until(() => pair.inbound.metrics().active === 1000, () => `1,000 connections: ${pair.inbound.metrics().active}`)
  sockets.forEach((socket, i) => socket.end(sent[i]!.subarray(sent[i]!.length >> 1)))
  for (const [i, answer] of (await Promise.all(answers)).entries()) assert.equal(digest(answer), digest(sent[i]!), `connection ${i}`)
  const { tunnelsOpened, handshakes } = pair.outbound.metrics()
  assert.ok(tunnelsOpened >= 1 && tunnelsOpened <= 100 && handshakes === tunnelsOpened, `${tunnelsOpened} tunnels, ${handshakes} handshakes`)
  assert.ok((await pair.inbound.next(1000)).every(({ reason }) => reason === 'finished'))
})

test('bulk both ways, resets and half closes beside each other, byte for byte', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const reset = async (): Promise<void> => {
    const socket = dial(pair.port)
    socket.write(randomBytes(30_000))
    await once(socket, 'data')
    const end = closed(socket)
    socket.resetAndDestroy()
    await end
  }
  const many = async (work: () => Promise<void>, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await work()
  }
  await Promise.all([
    many(() => echo(pair.port, 20_000_000), 1), many(() => echo(pair.port, 5_000_000), 3), many(() => echo(pair.port, 100), 100),
    many(() => echo(pair.port, 70_000), 40), many(reset, 60), many(reset, 60),
  ])
  await until(() => pair.inbound.metrics().active === 0 && pair.outbound.metrics().active === 0, () => 'the end of all')
  assert.equal(pair.outbound.metrics().tunnelsBroken + pair.inbound.metrics().tunnelsBroken, 0)
})

/** Numbers that look like chance and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = state * 48_271 % 0x7fff_ffff
    return state % below
  }
}

test('connections that write, wait, stop reading, half-close and reset as they like: whatever ends in order is whole', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const live = async (random: (below: number) => number): Promise<void> => {
    const socket = dial(pair.port)
    const [sent, got] = [createHash('sha256'), createHash('sha256')]
    socket.on('data', (bytes: Buffer) => {
      got.update(bytes)
      if (random(40) === 0) {
        socket.pause()
        setTimeout(() => socket.resume(), random(30))
      }
    })
    const ended = Promise.race([once(socket, 'end').then(() => true), closed(socket).then(() => false)])
    for (let writes = random(12); writes > 0; writes--) {
      const bytes = randomBytes(1 + random([10, 3000, 70_000, 400_000][random(4)]!))
      sent.update(bytes)
      if (!socket.write(bytes)) await Promise.race([once(socket, 'drain').catch(() => {}), ended])
      if (random(3) === 0) await sleep(random(10))
      if (random(25) === 0) {
        socket.resetAndDestroy()
        await ended
        return
      }
    }
    socket.end()
    assert.equal(await ended, true, 'it did not end in order')
    assert.equal(got.digest('hex'), sent.digest('hex'))
  }
  await Promise.all(Array.from({ length: 24 }, async (_, line) => {
    const random = numbers(line + 1)
    for (let i = 0; i < 12; i++) await live(random)
  }))
  await until(() => pair.inbound.metrics().active === 0 && pair.outbound.metrics().active === 0, () => 'the end of all')
  assert.equal(pair.outbound.metrics().tunnelsBroken + pair.inbound.metrics().tunnelsBroken, 0)
})

test('a client that is done before the app has answered the door loses nothing', async (t) => {
  const heard = deferred<string>()
  const app = await serve(t, (socket) => void text(socket).then((said) => {
    heard.resolve(said)
    socket.end('got it')
  }))
  const pair = await startPair(t, pki, app.port)
  await text(dial(pair.port).end('first'))
  const socket = dial(pair.port).end('all at once')
  assert.equal(await text(socket), 'got it')
  assert.equal(await heard.promise, 'first')
})

for (const [what, inbound, outbound] of [['the called', 'off', 'auto'], ['the calling', 'auto', 'off']] as const) {
  test(`where ${what} sidecar has no tunnels each connection is its own, as ever`, async (t) => {
    const app = await serve(t, (socket) => socket.pipe(socket))
    const [port, wire] = await freePorts(2)
    const server = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire!, app.port, { tunnel: inbound }) }, await pki.material('cart'))
    const client = await startRelay(t, { ...PLAN, outbound: { ...outboundPlan(port!, wire!)!, tunnel: outbound } }, await pki.material('web'))
    await Promise.all(Array.from({ length: 20 }, () => echo(port!, 1000)))
    await echo(port!, 1000)
    assert.deepEqual([server.metrics().tunnelsOpened, client.metrics().tunnelsOpened, server.metrics().handshakes], [0, 0, 21])
  })
}

test('who may call is asked for each stream, and those that were let in go on', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const old = dial(pair.port)
  old.write('x')
  await once(old, 'data')
  pair.inbound.replacePlan({ ...PLAN, inbound: inboundPlan(pair.wirePort, app.port, { allow: { default: [spiffeId('admin')], ports: {} } }) })
  await until(() => pair.inbound.metrics().tunnelsOpened === 1, () => 'one tunnel')
  await assert.rejects(text(dial(pair.port).end('new')), { code: 'ECONNRESET' })
  await until(() => pair.inbound.finished.some(({ reason }) => reason === 'identity-refused'), () => 'a refusal')
  assert.equal(await text(old.end('yz')), 'yz')
  // The app has heard nothing of the new one.
  assert.equal(app.sockets.length, 1)
})

test('new certificates: what is open goes on in the old tunnel, what is new has the new names, and the old tunnel ends', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port, wire] = await freePorts(2)
  const inbound = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire!, app.port) }, await pki.material('cart'))
  const outbound = await startRelay(t, { ...PLAN, outbound: outboundPlan(port!, wire!) }, await pki.material('web'))
  const old = dial(port!)
  old.write('x')
  await once(old, 'data')
  inbound.replaceIdentity(await pki.material('cart-2'))
  outbound.replaceIdentity(await pki.material('web-2'))
  await echo(port!, 10)
  const [line] = await outbound.next()
  assert.deepEqual([line!.clientIdentity, line!.serverIdentity], [spiffeId('web-2'), spiffeId('cart-2')])
  assert.equal(await text(old.end('y')), 'y')
  await until(() => outbound.metrics().tunnels <= 1 && inbound.metrics().tunnels <= 1, () => 'the end of the old tunnel')
})

test('a tunnel in which nothing is any more ends after a while, and the next connection opens another', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port, (plan) => ({ ...plan, limits: { ...plan.limits, idleTimeoutMs: 2000 } }))
  await echo(pair.port, 10)
  await until(() => pair.outbound.metrics().tunnels === 0 && pair.inbound.metrics().tunnels === 0, () => 'its end')
  await echo(pair.port, 10)
  assert.ok(pair.outbound.metrics().tunnelsOpened >= 2)
  assert.ok((await pair.inbound.next(2)).every(({ reason }) => reason === 'finished'))
})

test('the called sidecar drains: what is open goes on, callers are told, and nothing is cut off that ends in time', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const open = dial(pair.port)
  open.write('x')
  await once(open, 'data')
  const cutOff = pair.inbound.drain(20_000)
  await sleep(100)
  assert.equal(await text(open.end('yz')), 'yz')
  assert.equal(await cutOff, 0)
})

test('a caller is refused at the door of the app, and told why', async (t) => {
  const [nobody] = await freePorts(1)
  const pair = await startPair(t, pki, nobody!)
  await assert.rejects(text(dial(pair.port).end('x')), { code: 'ECONNRESET' })
  const [line] = await pair.outbound.next()
  assert.deepEqual([line!.reason, line!.detail], ['server-reset', 'the other sidecar: connect-refused'])
})
