import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { deferred, frame, openKubeServer } from './kube-server.fixture.ts'
import type { ServerSocket } from './kube-server.fixture.ts'
import type { PodProcess } from './pod-stream.ts'
import { openAttach, openExec, parseExit } from './pod-stream.ts'

const PLACE = { namespace: 'shop', pod: 'web-1' }
const on = (channel: number, text: string): Buffer => Buffer.concat([Uint8Array.of(channel), Buffer.from(text)])
const FAILED = JSON.stringify({ status: 'Failure', message: 'command terminated with exit code 7', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '7' }] } })

async function said(process: PodProcess): Promise<[string, string]> {
  const read = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    let text = ''
    for await (const part of stream) text += part.toString()
    return text
  }
  return await Promise.all([read(process.stdout), read(process.stderr)])
}

test('exec: the words in the path, both outputs, and how it ended', async (t) => {
  let url = ''
  const { client } = await openKubeServer(t, { protocols: ['v5.channel.k8s.io'], socket: (socket, request) => {
    url = request.url!
    socket.send(on(1, 'out '))
    socket.send(on(2, 'bad'))
    socket.send(on(1, 'more'))
    socket.send(on(3, FAILED))
    socket.close()
  } })
  const process = await openExec(client, { ...PLACE, container: 'agent', command: ['/usr/bin/node', 'a b&c'] })
  assert.deepEqual(await said(process), ['out more', 'bad'])
  assert.deepEqual(await process.exited, { code: 7, message: 'command terminated with exit code 7' })
  assert.equal(url, '/api/v1/namespaces/shop/pods/web-1/exec?command=%2Fusr%2Fbin%2Fnode&command=a+b%26c&stdin=false&stdout=true&stderr=true&container=agent')
})

test('standard input arrives whole however large it is, and ends where the server knows of an end', async (t) => {
  const got = deferred<{ bytes: number, ended: boolean }>()
  const { client } = await openKubeServer(t, { protocols: ['v5.channel.k8s.io'], socket: (socket) => void countInput(socket).then(got.resolve) })
  const process = await openAttach(client, { ...PLACE, stdin: true })
  process.write('x'.repeat(300_000))
  process.endStdin()
  assert.deepEqual(await got.promise, { bytes: 300_000, ended: true })
  process.close()
})

async function countInput(socket: ServerSocket): Promise<{ bytes: number, ended: boolean }> {
  let bytes = 0
  for (let message = await socket.next(); message !== undefined; message = await socket.next()) {
    if (message[0] === 255) return { bytes, ended: message[1] === 0 }
    assert.equal(message[0], 0)
    bytes += message.length - 1
  }
  return { bytes, ended: false }
}

test('an API server of 1.24 speaks the version before, which knows no end of standard input', async (t) => {
  const messages: (Buffer | undefined)[] = []
  const over = deferred<void>()
  const { client } = await openKubeServer(t, { protocols: ['v4.channel.k8s.io'], socket: async (socket) => {
    messages.push(await socket.next(), await socket.next())
    over.resolve()
  } })
  const process = await openExec(client, { ...PLACE, command: ['x'], stdin: true })
  process.write('a')
  process.endStdin()
  process.close()
  await over.promise
  assert.deepEqual(messages, [on(0, 'a'), undefined])
  assert.equal((await process.exited).code, -1)
})

test('a connection that is lost is no exit code', async (t) => {
  const { client } = await openKubeServer(t, { protocols: ['v5.channel.k8s.io'], socket: (socket) => {
    socket.send(on(1, 'half'))
    setImmediate(() => socket.destroy())
  } })
  const process = await openExec(client, { ...PLACE, command: ['x'] })
  await said(process)
  assert.equal((await process.exited).code, -1)
})

test('who does not let WebSockets through is told', async (t) => {
  const { client } = await openKubeServer(t, {})
  await assert.rejects(openExec(client, { ...PLACE, command: ['x'] }), { code: 'kube-refused' })
})

test('frames that no server sends end the connection, and nothing else', async (t) => {
  const bad = [Uint8Array.of(0x82, 0x81, 1, 2, 3, 4, 5), Uint8Array.of(0xf2, 0x00), Uint8Array.of(0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), Uint8Array.of(0x87, 0)]
  let at = 0
  const { client } = await openKubeServer(t, { protocols: ['v5.channel.k8s.io'], socket: (socket) => socket.sendRaw(bad[at]!) })
  for (; at < bad.length; at++) {
    const process = await openExec(client, { ...PLACE, command: ['x'] })
    assert.match((await process.exited).message, /the connection was lost: not a frame of a server/)
  }
})

test('a message arrives the same however it is cut, in fragments too', async (t) => {
  const whole = Buffer.concat([frame(on(1, 'ab'), 2, false), frame(Buffer.from('?'), 9), frame(Buffer.from('cd'), 0, false), frame(Buffer.from('e'), 0), frame(on(1, 'x'.repeat(300)))])
  for (const cut of [1, 2, 3, 7, 100]) {
    const { client } = await openKubeServer(t, { protocols: ['v5.channel.k8s.io'], socket: async (socket) => {
      for (let at = 0; at < whole.length; at += cut) {
        socket.sendRaw(whole.subarray(at, at + cut))
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.close()
    } })
    assert.deepEqual(await said(await openExec(client, { ...PLACE, command: ['x'] })), [`abcde${'x'.repeat(300)}`, ''])
  }
})

test('whatever the end of a process is told as, it is one', () => {
  assert.deepEqual(parseExit('{"status":"Success"}'), { code: 0, message: '' })
  fc.assert(fc.property(fc.anything(), fc.string(), (value, text) => {
    for (const input of [JSON.stringify(value) ?? '', text]) assert.equal(typeof parseExit(input).code, 'number')
  }))
})
