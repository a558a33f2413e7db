import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { before } from 'node:test'
import { PLAN, TestPki, deferred, freePorts, inboundPlan, outboundPlan, serve, spiffeId, startPair, startRelay, until, withAndWithoutTunnel, withTunnel, withoutTunnel } from './relay-pair.ts'

let pki: TestPki
before(async () => { pki = await TestPki.create() })

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

async function errorOf(socket: Socket): Promise<string> {
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException]
  return error.code ?? ''
}

/** Waits until nobody listens on the port any more. */
async function untilClosed(port: number): Promise<void> {
  await until(() => new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(false)
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  }), () => 'refusal of new ones')
}

withAndWithoutTunnel('the client may end first, and still gets the answer', async (t) => {
  const app = await serve(t, (socket) => void text(socket).then((request) => setTimeout(() => socket.end(`you said ${request}`), 50)))
  const pair = await startPair(t, pki, app.port)
  const socket = dial(pair.port)
  socket.end('goodbye')
  assert.equal(await text(socket), 'you said goodbye')
  assert.equal((await pair.inbound.next())[0].reason, 'finished')
})

withAndWithoutTunnel('the server may end first, and still gets the rest of the request', async (t) => {
  const heard = deferred<string>()
  const app = await serve(t, (socket) => {
    socket.end('enough')
    void text(socket).then(heard.resolve)
  })
  const pair = await startPair(t, pki, app.port)
  const socket = dial(pair.port)
  assert.equal(await text(socket), 'enough')
  socket.end('one more thing')
  assert.equal(await heard.promise, 'one more thing')
  assert.equal((await pair.outbound.next())[0].reason, 'finished')
})

withAndWithoutTunnel('a reset of the client reaches the app as a reset, and the other way round', async (t) => {
  const app = await serve(t, (socket) => socket.write('hi'))
  const pair = await startPair(t, pki, app.port)
  const first = dial(pair.port)
  await once(first, 'data')
  first.resetAndDestroy()
  await until(() => app.sockets[0].destroyed, () => 'the end of the app\'s socket')
  assert.equal((await pair.outbound.next())[0].reason, 'client-reset')
  const second = dial(pair.port)
  await once(second, 'data')
  app.sockets[1].resetAndDestroy()
  assert.equal(await errorOf(second), 'ECONNRESET')
  assert.equal((await pair.inbound.next(2))[1].reason, 'server-reset')
})

withAndWithoutTunnel('an app that is not there is a reset for the client', async (t) => {
  const [nobody] = await freePorts(1)
  const pair = await startPair(t, pki, nobody)
  assert.equal(await errorOf(dial(pair.port)), 'ECONNRESET')
  assert.equal((await pair.inbound.next())[0].reason, 'connect-refused')
  assert.ok(pair.inbound.metrics().connectsFailed === 1)
})

withAndWithoutTunnel('a reader that stops stops the writer, and loses nothing', async (t) => {
  const sent = createHash('sha256')
  const got = createHash('sha256')
  const app = await serve(t, (socket) => socket.pause())
  const pair = await startPair(t, pki, app.port)
  const socket = dial(pair.port)
  let total = 0
  for (let full = false; !full && total < 256 * 2 ** 20;) {
    const chunk = randomBytes(65_536)
    sent.update(chunk)
    total += chunk.length
    if (!socket.write(chunk)) full = await Promise.race([once(socket, 'drain').then(() => false), sleep(300, true)])
  }
  assert.ok(total < 256 * 2 ** 20, 'the writer was never stopped')
  // Where the machine stood still it was stopped by that alone, before anybody was called.
  await until(() => app.sockets.length === 1, () => 'a call of the app')
  const [reader] = app.sockets
  reader.on('data', (chunk: Buffer) => got.update(chunk))
  reader.resume()
  socket.end()
  await once(reader, 'end')
  assert.equal(got.digest('hex'), sent.digest('hex'))
})

for (const sizeMiB of [1, 100]) {
  withAndWithoutTunnel(`${sizeMiB} MiB go both ways at once, byte for byte`, async (t) => {
    const payload = randomBytes(sizeMiB * 2 ** 20)
    const wanted = createHash('sha256').update(payload).digest('hex')
    const heard = deferred<string>()
    const hashOf = (socket: Socket): Promise<string> => {
      const hash = createHash('sha256')
      socket.on('data', (chunk: Buffer) => hash.update(chunk))
      return once(socket, 'end').then(() => hash.digest('hex'))
    }
    const app = await serve(t, (socket) => {
      void hashOf(socket).then(heard.resolve)
      socket.end(payload)
    })
    const pair = await startPair(t, pki, app.port)
    const socket = dial(pair.port)
    const back = hashOf(socket)
    socket.end(payload)
    assert.deepEqual([await heard.promise, await back], [wanted, wanted])
    const [end] = await pair.inbound.next()
    assert.deepEqual([end.bytesSent, end.bytesReceived, end.reason], [payload.length, payload.length, 'finished'])
  })
}

withAndWithoutTunnel('whoever may not call is refused, and the app hears nothing', async (t) => {
  const app = await serve(t, (socket) => socket.end('secret'))
  const [port, wire] = await freePorts(2)
  const inbound = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port, { allow: { default: [spiffeId('admin'), 'ops.*'], ports: {} } }) }, await pki.material('cart'))
  const outbound = await startRelay(t, { ...PLAN, outbound: outboundPlan(port, wire) }, await pki.material('web'))
  const socket = dial(port)
  socket.write('let me in')
  assert.equal(await errorOf(socket), 'ECONNRESET')
  const [refused] = await inbound.next()
  assert.deepEqual([refused.reason, refused.clientIdentity, refused.serverIdentity], ['identity-refused', spiffeId('web'), spiffeId('cart')])
  const [told] = await outbound.next()
  assert.deepEqual([told.reason, told.detail], ['handshake-failed', 'tlsv1 alert access denied'])
  assert.equal(app.sockets.length, 0)
  assert.equal(inbound.metrics().identitiesRefused, 1)
})

withAndWithoutTunnel('a server that is not the expected one gets nothing', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const [port, wire] = await freePorts(2)
  const inbound = await startRelay(t, { ...PLAN, inbound: inboundPlan(wire, app.port) }, await pki.material('thief'))
  const outbound = await startRelay(t, { ...PLAN, outbound: outboundPlan(port, wire, [spiffeId('cart')]) }, await pki.material('web'))
  const socket = dial(port)
  socket.write('password')
  assert.equal(await errorOf(socket), 'ECONNRESET')
  const [refused] = await outbound.next()
  assert.deepEqual([refused.reason, refused.serverIdentity], ['identity-refused', spiffeId('thief')])
  const [seen] = await inbound.next()
  assert.equal(seen.bytesSent, 0)
})

withoutTunnel('sessions are resumed, and the identity is known all the same', async (t) => {
  const app = await serve(t, (socket) => socket.end('x'))
  const pair = await startPair(t, pki, app.port)
  for (let i = 0; i < 3; i++) assert.equal(await text(dial(pair.port).end()), 'x')
  const ends = await pair.inbound.next(3)
  assert.deepEqual(ends.map(({ resumed, clientIdentity }) => [resumed, clientIdentity]), [[false, spiffeId('web')], [true, spiffeId('web')], [true, spiffeId('web')]])
})

withTunnel('connections one after the other are one on the wire, with one handshake', async (t) => {
  const app = await serve(t, (socket) => socket.end('x'))
  const pair = await startPair(t, pki, app.port)
  for (let i = 0; i < 20; i++) assert.equal(await text(dial(pair.port).end()), 'x')
  const ends = await pair.inbound.next(20)
  assert.ok(ends.every(({ clientIdentity, reason, security }) => clientIdentity === spiffeId('web') && reason === 'finished' && security === 'mtls'))
  for (const { handshakes, tunnelsOpened } of [pair.inbound.metrics(), pair.outbound.metrics()]) assert.ok(handshakes === tunnelsOpened && tunnelsOpened >= 1 && tunnelsOpened < 20, `${tunnelsOpened} tunnels, ${handshakes} handshakes`)
  assert.deepEqual([pair.inbound.metrics().inboundMtls, pair.outbound.metrics().outboundMtls], [20, 20])
})

withAndWithoutTunnel('a connection beyond the limit is turned away, and room is given back', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port, (plan) => ({ ...plan, limits: { ...plan.limits, connections: plan.outbound === undefined ? 2 : 100 } }))
  const kept = [dial(pair.port), dial(pair.port)]
  for (const socket of kept) {
    socket.write('x')
    await once(socket, 'data')
  }
  assert.equal(await errorOf(dial(pair.port)), 'ECONNRESET')
  assert.equal((await pair.inbound.next())[0].reason, 'limit')
  kept.forEach((socket) => socket.end())
  await pair.inbound.next(2)
  assert.equal(await text(dial(pair.port).end('again')), 'again')
})

withAndWithoutTunnel('a connection on which nothing moves ends, one on which something does goes on', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port, (plan) => ({ ...plan, limits: { ...plan.limits, idleTimeoutMs: plan.inbound === undefined ? 0 : 2000 } }))
  const [busy, idle] = [dial(pair.port), dial(pair.port)]
  idle.write('x')
  const beat = setInterval(() => busy.write('x'), 100)
  t.after(() => clearInterval(beat))
  assert.equal(await errorOf(idle), 'ECONNRESET')
  assert.equal((await pair.inbound.next())[0].reason, 'idle')
  assert.equal(busy.destroyed, false)
  busy.destroy()
})

withAndWithoutTunnel('a drain lets open connections end, refuses new ones, and cuts off what stays', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const [leaving, staying] = [dial(pair.port), dial(pair.port)]
  for (const socket of [leaving, staying]) {
    socket.write('x')
    await once(socket, 'data')
  }
  const cutOff = pair.outbound.drain(6000)
  await untilClosed(pair.port)
  assert.equal(await text(leaving.end('bye')), 'bye')
  assert.equal(await errorOf(staying), 'ECONNRESET')
  assert.equal(await cutOff, 1)
})

withAndWithoutTunnel('a snapshot shows what is open', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, pki, app.port)
  const socket = dial(pair.port)
  socket.write('12345')
  await once(socket, 'data')
  const [open, ...others] = await pair.inbound.connections()
  assert.equal(others.length, 0)
  assert.deepEqual([open.bytesSent, open.bytesReceived, open.clientIdentity, open.mode], [5, 5, spiffeId('web'), 'mtls'])
  assert.equal(pair.inbound.metrics().active, 1)
  socket.destroy()
})
withAndWithoutTunnel('bytes go both ways through a pair, and both sides know each other', async (t) => {
  const app = await serve(t, (socket) => socket.pipe(socket))
  const pair = await startPair(t, await TestPki.create(), app.port)
  const socket = connect({ port: pair.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end('hello')
  assert.equal(await text(socket), 'hello')
  const [[inbound], [outbound]] = await Promise.all([pair.inbound.next(), pair.outbound.next()])
  assert.deepEqual([inbound.reason, outbound.reason], ['finished', 'finished'])
  for (const end of [inbound, outbound]) {
    assert.equal(end.clientIdentity, spiffeId('web'))
    assert.equal(end.serverIdentity, spiffeId('cart'))
    assert.deepEqual([end.bytesSent, end.bytesReceived, end.security, end.tlsVersion], [5, 5, 'mtls', 'TLSv1.3'])
  }
})
