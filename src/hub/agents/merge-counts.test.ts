import assert from 'node:assert/strict'
import test from 'node:test'
import { OTHERS } from '../../store/series-counts.ts'
import type { EdgeCounts, GroupCounts } from '../../store/store.ts'
import { mergeEdges, mergeSeries, mergeValues, searchingOf } from './merge-counts.ts'

const edge = (own: Partial<EdgeCounts>): EdgeCounts => ({
  from: 'web', fromIp: '10.0.0.1', to: 'cart', toIp: '10.0.0.2', toPort: 80, hop: 'wire', namespace: 'web', capture: 'netns', protocol: 'http1', requests: 2, errors: 1, bytes: 10, latencies: [5, 2], firstMicros: 10, lastMicros: 20,
  handshakes: [1, 2, 3], ...own,
})
const group = (name: string, ...requests: number[]): GroupCounts => ({ name, requests, errors: requests.map(() => 1), bytes: requests, latencies: requests.map((count) => [3, count]) })

test('the same edge of two stores is one, another place or verdict is another', () => {
  const [one, other, ...more] = mergeEdges([[edge({})], [edge({ requests: 3, latencies: [5, 1, 9, 1], firstMicros: 5, handshakes: [7, 8] }), edge({ verdict: 'tls' })]])
  assert.deepEqual(one, edge({ requests: 5, errors: 2, bytes: 20, latencies: [5, 3, 9, 1], firstMicros: 5, handshakes: [1, 2, 3, 7] }))
  assert.deepEqual([other!.verdict, more.length], ['tls', 0])
})

test('groups are added up step by step; the busiest of all are told, the rest together', () => {
  const merged = mergeSeries([
    { fromMicros: 0, stepMicros: 10, omittedGroups: 3, groups: [group('a', 1, 2), group(OTHERS, 4, 0)] }, { fromMicros: 0, stepMicros: 10, omittedGroups: 0, groups: [group('b', 9, 9), group('a', 1, 0), group('c', 0, 1)] },
  ], 0, 10, 2)
  assert.deepEqual(merged.groups.map(({ name, requests }) => [name, requests]), [['b', [9, 9]], ['a', [2, 2]], [OTHERS, [4, 1]]])
  assert.deepEqual(merged.groups[1]!.latencies, [[3, 2], [3, 2]])
  assert.equal(merged.omittedGroups, 4)
})

test('values are counted together, most frequent first; searches that go on say how far they are', () => {
  assert.deepEqual(mergeValues([[{ value: 'a', count: 2 }, { value: 1, count: 1 }], [{ value: 'b', count: 3 }, { value: 'a', count: 2 }]], 2), [{ value: 'a', count: 4 }, { value: 'b', count: 3 }])
  assert.deepEqual(searchingOf([{ value: 0, searching: { scanned: 1, of: 5 } }, { value: 0 }, { value: 0, searching: { scanned: 2, of: 5 } }]), { scanned: 3, of: 10 })
  assert.equal(searchingOf([{ value: 0 }]), undefined)
})
