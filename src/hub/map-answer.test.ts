import assert from 'node:assert/strict'
import test from 'node:test'
import type { EdgeCounts } from '../store/store.ts'
import { mapAnswer } from './map-answer.ts'

const EDGE: EdgeCounts = {
  from: 'web.shop', fromIp: '10.0.0.1', to: 'cart.shop', toIp: '10.0.0.2', toPort: 80, hop: 'joined', namespace: '', capture: 'netns', protocol: 'http1', verdict: 'tls', requests: 2, errors: 0, bytes: 10, latencies: [5, 2],
  firstMicros: 10, lastMicros: 20, handshakes: [],
}

test('who has no name but an address is told so, and is in no group', () => {
  const { nodes } = mapAnswer([EDGE, { ...EDGE, to: '10.88.0.1' }, { ...EDGE, to: 'fd00::1' }, { ...EDGE, hop: 'wire', to: '', toIp: '10.0.0.9' }], new Map())
  assert.deepEqual(nodes.map(({ name, named, namespace }) => [name, named, namespace]).sort(), [['10.0.0.9', false, undefined], ['10.88.0.1', false, undefined], ['cart.shop', true, 'shop'], ['fd00::1', false, undefined], ['web.shop', true, 'shop']])
})
