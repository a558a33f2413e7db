import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ethernet, ipv4, tcp, text, udp } from '../../../test/frames.ts'
import { CanaryWatch } from './canary-watch.ts'
import { judgeCanary } from './canary-result.ts'
import type { CanarySeen } from './canary-result.ts'
import { requestText } from './canary-request.ts'
import { tokenForms } from './token.ts'

const TOKEN = 'abcdefgh01234567ijklmnop'
const LO = 1
const ETH = 2

function watch(): CanaryWatch {
  return new CanaryWatch({ name: 'web', interfaceName: (index) => ['', 'lo', 'eth0'][index], isLoopback: (index) => index === LO }, tokenForms(TOKEN))
}

function send(to: CanaryWatch, frame: Uint8Array, at: number, interfaceId = ETH): void {
  to.frame(frame, 0, frame.length, frame.length, at, 1, interfaceId)
}

function segment(seq: number, payload: string): Uint8Array {
  return ethernet({ payload: ipv4({ protocol: 6, payload: tcp({ srcPort: 40_000, dstPort: 80, seq, flags: 0x10, payload: text(payload) }) }) })
}

test('in one frame, with its number, place and ends; once for each hop', () => {
  const seen = watch()
  send(seen, segment(1, 'nothing'), 10, LO)
  send(seen, segment(8, `x${TOKEN}`), 11, LO)
  send(seen, segment(8, `x${TOKEN}`), 12, ETH)
  assert.deepEqual(seen.sightings, [
    { place: 'web', interface: 'lo', hop: 'clear', frame: 2, atMicros: 11, ends: '10.0.0.1:40000 → 10.0.0.2:80', form: 'clear' },
    { place: 'web', interface: 'eth0', hop: 'wire', frame: 3, atMicros: 12, ends: '10.0.0.1:40000 → 10.0.0.2:80', form: 'clear' },
  ])
})

test('across the borders of segments, also where they come in another order', () => {
  for (let cut = 1; cut < TOKEN.length; cut++) {
    const [first, second] = [segment(100, `GET /${TOKEN.slice(0, cut)}`), segment(105 + cut, `${TOKEN.slice(cut)} HTTP/1.1`)]
    for (const order of [[first, second], [second, first]]) {
      const seen = watch()
      send(seen, segment(99, 'x'), 1)
      for (const [n, frame] of order.entries()) send(seen, frame, 2 + n)
      assert.deepEqual(seen.sightings.map(({ frame, hop }) => [frame, hop]), [[3, 'wire']], `cut at ${cut}`)
    }
  }
})

test('in what is no TCP, and in frames that nobody understands', () => {
  const seen = watch()
  send(seen, ethernet({ payload: ipv4({ protocol: 17, payload: udp({ srcPort: 5000, dstPort: 53, payload: text(TOKEN) }) }) }), 1)
  send(seen, text(`?${TOKEN}`), 2)
  assert.deepEqual(seen.sightings.map(({ ends, hop }) => [ends, hop]), [['10.0.0.1:5000 → 10.0.0.2:53', 'wire'], ['', 'wire']])
})

test('the request has the token in its path and in a header of its own', () => {
  const lines = requestText({ netnsPath: '', ip: 'fd99::2', port: 8080 }, TOKEN).split('\r\n')
  assert.deepEqual(lines.slice(0, 2), [`GET /mtlscope-canary/${TOKEN} HTTP/1.1`, 'Host: [fd99::2]:8080'])
  assert.ok(lines.includes(`X-Mtlscope-Canary: ${TOKEN}`))
})

test('kept only where it was answered, seen in the clear, and crossed a wire that lost nothing', () => {
  const clear = { place: 'web', interface: 'lo', hop: 'clear', frame: 4, atMicros: 1, ends: 'a → b', form: 'clear' } as const
  const good: CanarySeen = { token: TOKEN, to: '10.0.0.2:80', answer: { status: 404, error: undefined }, sightings: [clear], wireSegments: 9, lost: 0 }
  assert.deepEqual([judgeCanary(good).verdict, judgeCanary(good).findings.length], ['kept', 0])
  for (const change of [{ answer: { status: undefined, error: 'ECONNREFUSED' } }, { sightings: [] }, { wireSegments: 0 }, { lost: 1 }]) {
    assert.equal(judgeCanary({ ...good, ...change }).verdict, 'unproved', JSON.stringify(change))
  }
  const leaked = judgeCanary({ ...good, lost: 3, answer: { status: undefined, error: 'x' }, sightings: [clear, { ...clear, interface: 'eth0', hop: 'wire', frame: 7 }] })
  assert.equal(leaked.verdict, 'leaked')
  assert.deepEqual(leaked.findings.map(({ kind, severity, frame }) => [kind, severity, frame]), [['canary-on-wire', 'critical', 7]])
})
