import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connectFrom } from './tcp-connect.ts'

test('what is written at once arrives, and the answer comes back', async (t) => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer((socket) => socket.pipe(socket))
    server.listen(0, host)
    await Promise.race([once(server, 'listening'), once(server, 'error')])
    if (!server.listening) continue
    t.after(() => server.close())
    const socket = connectFrom('', host, (server.address() as AddressInfo).port)
    socket.end('hello')
    let heard = ''
    socket.on('data', (bytes) => { heard += String(bytes) })
    await once(socket, 'close')
    assert.equal(heard, 'hello', host)
  }
})

test('who is not there is told as an error of the socket', async () => {
  // No port that the kernel would give to somebody else meanwhile.
  const [error] = await once(connectFrom('', '127.0.0.1', 1), 'error') as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
})

test('what cannot begin throws', () => {
  assert.throws(() => connectFrom('', 'nonsense', 80), { code: 'system-call' })
  assert.throws(() => connectFrom('/run/netns/no such namespace', '127.0.0.1', 80), { code: 'no-such-namespace' })
})
