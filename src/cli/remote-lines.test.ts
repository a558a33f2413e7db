import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { RemoteHealth } from './remote-health.ts'
import { readLines } from './remote-lines.ts'

test('messages in pieces of whole lines, health and answers apart, however they are cut', async () => {
  const text = '{"at":1}\n{"at":2}\n{"health":{"packets":3}}\n{"at":3}\n{"answer":{"id":0}}\n{"at":4}\n{"cut'
  for (const cut of [1, 3, 10, 1000]) {
    const stream = new PassThrough()
    for (let at = 0; at < text.length; at += cut) stream.write(text.slice(at, at + cut))
    stream.end()
    let [lines, counted] = ['', 0]
    const aside: string[] = []
    await readLines(stream, { lines: (bytes, count) => { lines += Buffer.from(bytes).toString(); counted += count }, aside: (line) => aside.push(line.trim()) })
    assert.equal(lines, '{"at":1}\n{"at":2}\n{"at":3}\n{"at":4}\n')
    assert.equal(counted, 4)
    assert.deepEqual(aside, ['{"health":{"packets":3}}', '{"answer":{"id":0}}'])
  }
})

test('health is the newest of each node, summed', () => {
  const health = new RemoteHealth()
  health.take(0, '{"health":{"packets":1}}')
  health.take(0, '{"health":{"packets":5,"limits":{"x":1},"namespaces":[],"refused":[]}}')
  health.take(1, '{"health":{"packets":7}}')
  health.take(1, '{"health":')
  assert.equal(health.total().packets, 12)
  assert.deepEqual(health.total().limits, { x: 1 })
})
