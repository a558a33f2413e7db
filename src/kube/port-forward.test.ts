import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { connectPod, openPortForward } from './port-forward.ts'
import { deferred, openKubeServer } from './kube-server.fixture.ts'
import type { ServerSocket } from './kube-server.fixture.ts'

const PLACE = { namespace: 'shop', pod: 'web-1', port: 8899 }
const PROTOCOLS = ['v4.channel.k8s.io']
const data = (bytes: string | Uint8Array): Buffer => Buffer.concat([Uint8Array.of(0), Buffer.from(bytes as string)])

/** The kubelet says the port on both channels first. */
function greet(socket: ServerSocket): void {
  for (const channel of [0, 1]) socket.send(Uint8Array.of(channel, PLACE.port & 255, PLACE.port >> 8))
}

async function echo(socket: ServerSocket): Promise<void> {
  greet(socket)
  for (let message = await socket.next(); message !== undefined; message = await socket.next()) socket.send(message)
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let all = ''
  for await (const part of stream) all += part.toString()
  return all
}

async function local(t: TestContext, port: number): Promise<ReturnType<typeof connect>> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  await new Promise<void>((resolve, reject) => socket.once('connect', () => resolve()).once('error', reject))
  return socket
}

test('what goes in comes out, without the port in front, and each connection has its own way', async (t) => {
  let asked: string[] = []
  const { client } = await openKubeServer(t, { protocols: PROTOCOLS, socket: (socket, request) => {
    asked = [...asked, request.url!]
    void echo(socket)
  } })
  const forward = await openPortForward(client, PLACE)
  t.after(() => forward.close())
  for (const word of ['one', 'two'.repeat(50_000)]) {
    const socket = await local(t, forward.port)
    socket.write(word)
    let got = ''
    for await (const part of socket) {
      got += String(part)
      if (got.length >= word.length) break
    }
    assert.ok(got === word, `${got.length} of ${word.length} bytes, or others`)
  }
  assert.deepEqual(asked, ['/api/v1/namespaces/shop/pods/web-1/portforward?ports=8899', '/api/v1/namespaces/shop/pods/web-1/portforward?ports=8899'])
})

test('the greeting may come in one piece with the data, and its end is the end', async (t) => {
  const { client } = await openKubeServer(t, { protocols: PROTOCOLS, socket: (socket) => {
    socket.send(Buffer.concat([Uint8Array.of(0, 195, 34), Buffer.from('hel')]))
    socket.send(data('lo'))
    socket.close()
  } })
  assert.equal(await text(await connectPod(client, PLACE)), 'hello')
})

test('that nobody listens there is told once the kubelet has tried', async (t) => {
  const { client } = await openKubeServer(t, { protocols: PROTOCOLS, socket: (socket) => {
    greet(socket)
    socket.send(Buffer.concat([Uint8Array.of(1), Buffer.from('connection refused')]))
    socket.close()
  } })
  await assert.rejects(text(await connectPod(client, PLACE)), { code: 'kube-failed', message: 'cannot reach port 8899 of pod web-1 in shop: connection refused' })
})

test('a way that cannot be made ends the connection that asked for it, and no other', async (t) => {
  const { client } = await openKubeServer(t, {})
  const why = deferred<Error>()
  const forward = await openPortForward(client, PLACE, 0, why.resolve)
  t.after(() => forward.close())
  const socket = await local(t, forward.port)
  assert.equal(await text(socket).catch(() => ''), '')
  assert.equal((await why.promise as Error & { code?: string }).code, 'kube-refused')
  await local(t, forward.port)
})

test('a port that is taken is told', async (t) => {
  const { client } = await openKubeServer(t, {})
  const first = await openPortForward(client, PLACE)
  t.after(() => first.close())
  await assert.rejects(openPortForward(client, PLACE, first.port), { code: 'cannot-listen' })
})
