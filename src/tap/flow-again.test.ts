// Flows of UDP that serve again say what new ones say, whatever the flow before was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { ethernet, ipv4, text, udp } from '../../test/frames.ts'
import type { FlowInfo } from '../model/flow.ts'
import { address, answer, ask } from '../protocols/dns/wire.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { Engine } from './engine.ts'

const ETHERNET = 1
const FLOWS = 600
const START_MICROS = 1_700_000_000 * 1e6

/** What the flows say by turns, each datagram with its sender. */
type Talk = (name: string) => readonly (readonly [from: 'client' | 'server', payload: Uint8Array])[]
const reply = (name: string, ip = '192.0.2.1', id = 7): Uint8Array => answer('A', name, [address(name, ip)], id)
const KINDS: readonly Talk[] = [
  (name) => [['client', ask('A', name)], ['server', reply(name)]],
  (name) => [['client', ask('A', name)], ['server', reply(name)], ['server', reply(name)], ['server', reply(name, '203.0.113.9')]],
  (name) => [['server', reply(name)], ['client', ask('A', name)]],
  (name) => [['client', ask('A', name, 1)], ['client', ask('A', name, 2)], ['server', reply(name, '192.0.2.2', 2)], ['server', reply(name, '192.0.2.2', 1)]],
  (name) => [['client', ask('A', name)]],
  (name) => [['client', text('hello')], ['server', text(name)]],
  (name) => [['client', ask('A', name)], ['server', text('hello')], ['server', reply(name)]],
]

interface Pick { readonly kind: number, readonly name: number, readonly serverPort: number }

function linesOf(picks: readonly Pick[], readAtOnce: boolean, details: boolean): unknown[] {
  const lines: unknown[] = []
  const infos = new Set<FlowInfo>()
  const engine = new Engine({ settings: { ...DEFAULT_SETTINGS, details, readAtOnce }, capture: 'pcap' }, {
    message: (flow, m, { said, broken }) => {
      infos.add(flow)
      lines.push([flow.id, flow.client, flow.server, flow.firstMicros, said, broken, m.protocol, m.what, m.status, m.complete, m.notes, m.atMicros, m.elapsedMicros, details ? [m.request, m.response] : 0])
    },
  })
  let atMicros = START_MICROS
  for (let i = 0; i < FLOWS; i++) {
    const { kind, name, serverPort } = picks[i % picks.length]!
    for (const [from, payload] of KINDS[kind]!(`host-${name}.example`)) {
      const ends = from === 'client' ? { src: '10.0.0.1', dst: '10.0.0.2' } : { src: '10.0.0.2', dst: '10.0.0.1' }
      const [srcPort, dstPort] = from === 'client' ? [20_000 + i, serverPort] : [serverPort, 20_000 + i]
      const frame = ethernet({ payload: ipv4({ ...ends, protocol: 17, payload: udp({ srcPort, dstPort, payload }) }) })
      engine.frame(frame, 0, frame.length, frame.length, atMicros += 100, ETHERNET, 0)
    }
  }
  engine.end()
  assert.equal(new Set([...infos].map(({ id }) => id)).size, infos.size, 'each flow has an info of its own')
  return lines
}

test('flows that serve again say what new ones say', () => {
  const pick = fc.record({ kind: fc.nat(KINDS.length - 1), name: fc.nat(3), serverPort: fc.constantFrom(53, 53, 5353, 5355, 9999) })
  fc.assert(fc.property(fc.array(pick, { minLength: 1, maxLength: 9 }), fc.boolean(), (picks, details) => {
    const lines = linesOf(picks, false, details)
    assert.ok(lines.length >= FLOWS / 2)
    assert.deepEqual(linesOf(picks, true, details), lines)
  }), { numRuns: 6, endOnFailure: true })
})
