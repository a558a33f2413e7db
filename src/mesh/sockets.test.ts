import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from '#property'
import { readListeners } from './listeners.ts'
import { ESTABLISHED, LISTEN, parseTcpSockets, readTcpSockets } from './sockets.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

test('lines of the kernel, both families', () => {
  const text = HEAD
    + '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1664 1 00000000a00f903c 100 0 0 10 0\n'
    + '   1: 000000FD000000000000000002000000:01BB 0000000000000000FFFF00000700000A:B341 01 00000000:00000000 02:00000000 00000000     0        0 77 1 0 20 4 0\n'
  assert.deepEqual(parseTcpSockets(text), [
    { localIp: '127.0.0.1', localPort: 8080, remoteIp: '0.0.0.0', remotePort: 0, state: LISTEN, uid: 1000, inode: 1664 },
    { localIp: 'fd00::2', localPort: 443, remoteIp: '::ffff:10.0.0.7', remotePort: 45_889, state: ESTABLISHED, uid: 0, inode: 77 },
  ])
})

test('lines that are cut or nonsense are left out, nothing throws', () => {
  fc.assert(fc.property(fc.array(fc.array(fc.oneof(fc.string(), fc.constantFrom('0:', '0100007F:1F90', '0A', '0', '-1', '0100007F:1F9')))), (lines) => {
    for (const socket of parseTcpSockets(lines.map((fields) => fields.join(' ')).join('\n'))) assert.ok(socket.localPort >= 0 && socket.inode >= 0)
  }))
})

test('a listener and a connection of this process are found, with the process', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  t.after(() => { client.destroy(); server.close() })

  const { sockets, complete } = readTcpSockets('/proc', process.pid)
  assert.ok(complete)
  const ours = sockets.filter((s) => s.localPort === port && s.localIp === '127.0.0.1').map(({ state, remotePort }) => [state, remotePort])
  assert.deepEqual(ours.sort(), [[ESTABLISHED, client.localPort], [LISTEN, 0]])

  const listener = readListeners('/proc', process.pid).get(port)
  assert.equal(listener?.pid, process.pid)
  assert.equal(listener?.comm, 'node')
})

test('the title that a process gave itself names it', async (t) => {
  const before = process.title
  t.after(() => { process.title = before })
  process.title = 'cart'
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  assert.equal(readListeners('/proc', process.pid).get((server.address() as AddressInfo).port)?.comm, 'cart')
})

test('of a process that is gone nothing can be read', () => {
  assert.throws(() => readListeners('/proc', 4_194_305), { code: 'ENOENT' })
})
