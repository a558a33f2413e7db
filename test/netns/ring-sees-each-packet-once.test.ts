import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { openRing } from '../../src/sys/packet-ring.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, flushQuiet, inside, sendDatagrams } from './frames-seen.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()
const SERVER = `require('node:http').createServer((q, r) => r.end('answer of once')).listen(8080, '127.0.0.1', () => console.log('listening'))`

for (const everywhere of [false, true]) {
  test(`a request on loopback is seen once, ${everywhere ? 'capturing on every interface' : 'capturing on lo'}`, async (t) => {
    if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
    const namespace = addNamespace(t, 'once')
    const server = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, '-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => server.kill())
    await once(server.stdout, 'data')

    const ring = inside(namespace, () => openRing({ ifindex: everywhere ? 0 : 1, blockCount: 32 }))
    t.after(() => ring.close())
    namespace.run('curl', '-s', '--max-time', '60', 'http://127.0.0.1:8080/seen-once')
    const seen = new FramesSeen()
    flushQuiet(ring, seen)

    assert.equal(seen.holding('GET /seen-once HTTP/1.1'), 1)
    assert.equal(seen.holding('answer of once'), 1)
    assert.equal(new Set(seen.frames.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size, seen.frames.length, 'no frame twice')
    assert.deepEqual(new Set(seen.frames.map((f) => `${f.linkType} ${f.interfaceId}`)), new Set(['1 1']))
    assert.ok(seen.frames.every((f) => f.wire === f.bytes.length))
    assert.equal(ring.statistics().packets, seen.frames.length)
  })
}

test('between two namespaces what is sent and what is received is seen, each once', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [a, b] = [addNamespace(t, 'a'), addNamespace(t, 'b')]
  joinNamespaces(a, b)
  const rings = [a, b].map((n: TestNamespace) => inside(n, () => openRing({ ifindex: 0, blockCount: 32 })))
  t.after(() => rings.forEach((ring) => ring.close()))
  sendDatagrams(a, '10.99.0.2', 9000, ['from a'])
  sendDatagrams(b, '10.99.0.1', 9000, ['from b'])
  for (const ring of rings) {
    const seen = new FramesSeen()
    flushQuiet(ring, seen)
    // Each datagram comes back inside the answer that nobody listens.
    const datagrams = seen.frames.filter(({ bytes }) => bytes[23] === 17).map(({ bytes }) => Buffer.from(bytes.subarray(42)).toString()).sort()
    assert.deepEqual(datagrams, ['from a', 'from b'])
  }
})
