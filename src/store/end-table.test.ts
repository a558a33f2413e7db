import assert from 'node:assert/strict'
import test from 'node:test'
import { EndsTaken } from './joined-ends.ts'
import { blockOf } from './end-table.ts'
import { RecordStore } from './record-store.ts'
import { linesOf, record } from './record.fixture.ts'
import type { PartAnswers } from './search-part.ts'

const KEY = 'c0ffee'

async function ends(status: number, own: { limit?: number, blocks?: string[], doubted?: boolean } = {}): Promise<PartAnswers['ends']> {
  const store = new RecordStore({ path: ':memory:', run: 'r', keep: {}, now: () => performance.now(), helpers: 0 })
  store.add(linesOf(Array.from({ length: 4 }, (_, n) => record({ what: `GET /${n}`, status, elapsedMicros: 10 }))))
  const half = (n: number) => own.doubted === true ? { side: 'client', doubt: 'turns' } as const : { side: 'client', key: `${KEY}.${n * 20_000}` } as const
  store.join({ ways: [0, 1, 2].map((n) => ({ id: n + 1, way: { from: 'web', verdict: 'tls', hops: 2, half: half(n) } })), further: [], upTo: 4 })
  const { limit = 100, blocks } = own
  const told = await store.part({}, { kind: 'ends', limit, ...(blocks && { blocks }) }) as PartAnswers['ends']
  store.close()
  return told
}

test('requests of which one end was seen are told in blocks of what a client said on one connection', async () => {
  const { blocks, ways, keyed, unkeyed, within } = await ends(200)
  assert.deepEqual(blocks.map(({ block, side, count, way, elapsedMicros }) => [block, side, count, way, elapsedMicros]), [[`${KEY}/0`, 'client', 2, 0, 20], [`${KEY}/1`, 'client', 1, 0, 10]])
  assert.deepEqual([ways, keyed, unkeyed, within], [[{ from: 'web', verdict: 'tls' }], { client: 3, server: 0 }, { client: 0, server: 0 }, { from: 1, to: 4, decidedTo: 4 }])
  assert.deepEqual((await ends(200)).blocks, blocks)
  assert.notEqual((await ends(404)).blocks[0]!.digest, blocks[0]!.digest)
})

test('those of a block one by one, those without a key and those without room only as a number', async () => {
  const one = await ends(200, { blocks: [`${KEY}/1`] })
  assert.deepEqual([one.blocks, one.ends.map(({ key }) => key)], [[], [`${KEY}.40000`]])
  const full = await ends(200, { limit: 1 })
  assert.deepEqual([full.blocks.length, full.keyed.client, full.unkeyed.client], [1, 2, 1])
  const doubted = await ends(200, { doubted: true })
  assert.deepEqual([doubted.blocks.length, doubted.keyed.client, doubted.unkeyed.client], [0, 0, 3])
})

test('where an end is counted is said of its block, or of it alone', () => {
  const taken = new EndsTaken({ ways: [{ from: 'a', to: 'b', verdict: 'mtls-seen' }], stands: [[blockOf(`${KEY}.1`), 0], [`${KEY}.70000`, -1]] })
  const way = (offset: number) => ({ from: 'a', verdict: 'tls', hops: 2, half: { side: 'client', key: `${KEY}.${offset}` } }) as const
  assert.deepEqual([taken.wayOf(way(2)), taken.wayOf(way(70_000)), taken.wayOf(way(90_000))], [{ from: 'a', to: 'b', verdict: 'mtls-seen', hops: 2 }, false, way(90_000)])
})
