import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { RequestHalf } from '../../model/api.ts'
import type { StoredRow } from '../../store/store.ts'
import { MemoryPart } from './memory-part.fixture.ts'
import { MergedSearch } from './merged-search.ts'
import type { PlacedRow } from './placed-row.ts'

const REQUESTS = { requests: true }

/** One end of a request as its agent tells it. */
function end(side: RequestHalf['side'], n: number, own: Partial<StoredRow> = {}): Partial<StoredRow> {
  return { what: `GET /${n}`, status: 200, elapsedMicros: side === 'client' ? 900 : 500, way: { from: 'web', to: 'cart', verdict: 'mtls-inferred', hops: 2, half: { side, key: `key ${n}` } }, ...own }
}

interface Told { readonly row: StoredRow, readonly of: string, readonly joinedTo: string | undefined }

function toldOf({ row, at, joinedTo }: PlacedRow): Told {
  return { row, of: `${at}/${row.id}`, joinedTo: joinedTo && `${joinedTo.at}/${joinedTo.row.id}` }
}

async function walk(search: MergedSearch, limit: number): Promise<Told[]> {
  const { page: { start, end: to } } = await search.page({ limit: 1, waitMs: 0 })
  const all: Told[] = []
  for (let offset = start; offset < to; offset += limit) {
    const { page, rows } = await search.page({ offset, limit, waitMs: 0 })
    assert.equal(page.offset, offset)
    all.push(...rows.map(toldOf))
  }
  return all
}

/** Each row is there once, and of what was said at two ends one row stands for both. */
function assertOnce(told: readonly Told[], parts: readonly MemoryPart[], both: ReadonlySet<number>): void {
  assert.equal(new Set(told.map(({ of }) => of)).size, parts.reduce((sum, part) => sum + part.rows.length, 0))
  const standing = new Map(told.filter(({ joinedTo }) => joinedTo === undefined).map((one) => [one.of, one]))
  const shown = new Map<string, number>()
  for (const { row: { what } } of standing.values()) shown.set(what, (shown.get(what) ?? 0) + 1)
  for (const [what, count] of shown) assert.equal(count, 1, what)
  for (const { joinedTo, row } of told) if (joinedTo !== undefined) assert.equal(standing.get(joinedTo)?.row.what, row.what)
  for (const { row: { what, way } } of standing.values()) {
    const n = Number(what.slice(5))
    assert.equal(way?.nodes !== undefined, both.has(n), what)
    if (way?.nodes === undefined) assert.equal(way?.half?.doubt, 'no-other-end')
    else assert.equal(way.hops, 3)
  }
}

const said = fc.record({ from: fc.nat(4), to: fc.nat(4), ends: fc.constantFrom('both', 'both', 'both', 'client', 'server'), clientLate: fc.nat(8), serverLate: fc.nat(8) })
const look = fc.record({ after: fc.nat(40), share: fc.double({ min: 0, max: 1, noNaN: true }), limit: fc.integer({ min: 1, max: 30 }) })

test('a request between two nodes stands once in pages of any size, whichever end comes first, and what stood there stays', async () => {
  for (const count of [1, 2, 5]) {
    await fc.assert(fc.asyncProperty(fc.array(said, { maxLength: 120 }), fc.array(fc.integer({ min: -2_000_000, max: 2_000_000 }), { minLength: 5, maxLength: 5 }), fc.array(look, { maxLength: 12 }), async (requests, clocks, looks) => {
      const parts = Array.from({ length: count }, (_, n) => new MemoryPart(n + 1))
      const both = new Set(requests.flatMap(({ ends }, n) => ends === 'both' ? [n] : []))
      const search = new MergedSearch(parts, REQUESTS)
      const folded = new Map<number, string>()
      const known = new Map<number, string>()
      await search.page({ limit: 10, waitMs: 0 })
      const live: Told[] = []
      let after = parts.map(() => 0)
      for (let step = 0; step < requests.length + 10; step++) {
        for (const [n, { from, to, ends, clientLate, serverLate }] of requests.entries()) {
          const [client, server] = [from % count, to % count]
          const atMicros = 10_000_000 + n * 1000
          if (ends !== 'server' && n + clientLate === step) parts[client]!.say(atMicros + clocks[client]!, end('client', n))
          if (ends !== 'client' && n + serverLate === step) parts[server]!.say(atMicros + 200 + clocks[server]!, end('server', n))
        }
        for (const { share, limit } of looks.filter((one) => one.after === step % 41)) {
          const { news, rows } = await search.newer(after, 1000)
          assert.equal(news.skipped, 0)
          after = [...news.lastIds]
          live.push(...rows.map(toldOf))
          const { page } = await search.page({ limit: 1, waitMs: 0 })
          const offset = page.start + Math.floor((page.end - page.start) * share)
          const { page: at, rows: shown } = await search.page({ offset, limit, waitMs: 0 })
          for (const [i, one] of shown.map(toldOf).entries()) {
            const position = at.offset + i
            assert.equal(known.get(position) ?? one.of, one.of)
            known.set(position, one.of)
            if (folded.has(position)) assert.equal(one.joinedTo, folded.get(position))
            if (one.joinedTo !== undefined) folded.set(position, one.joinedTo)
          }
        }
      }
      const last = await search.newer(after, 1000)
      live.push(...last.rows.map(toldOf))
      const told = await walk(search, 7)
      assertOnce(told, parts, both)
      assert.deepEqual((await walk(search, 31)).map(({ of, joinedTo }) => [of, joinedTo]), told.map(({ of, joinedTo }) => [of, joinedTo]))
      // What came live is the same, once each.
      assert.deepEqual(live.map(({ of }) => of).toSorted(), told.map(({ of }) => of).toSorted())
      const joinedLive = new Set(live.flatMap(({ of, joinedTo }) => joinedTo === undefined ? [] : [of]))
      assert.deepEqual(joinedLive, new Set(told.flatMap(({ of, joinedTo }) => joinedTo === undefined ? [] : [of])))
    }), { numRuns: 25 })
  }
})

test('one row has both nodes, the better proof, and the hops of both', async () => {
  const [a, b] = [new MemoryPart(1), new MemoryPart(2)]
  b.say(1_000_100, end('server', 7, { way: { from: '10.0.0.1', to: 'cart', verdict: 'tls', hops: 2, half: { side: 'server', key: 'key 7' } } }))
  a.say(1_000_000, end('client', 7, { way: { from: 'web', to: '10.0.0.2', verdict: 'mtls-seen', hops: 2, half: { side: 'client', key: 'key 7' } } }))
  const { rows } = await new MergedSearch([a, b], REQUESTS).page({ limit: 10, waitMs: 0 })
  assert.deepEqual(rows.map(({ row, at, joinedTo }) => [at, joinedTo?.at, row.way]), [
    [0, undefined, { from: 'web', to: 'cart', verdict: 'mtls-seen', hops: 3, nodes: ['node-1', 'node-2'] }], [1, 0, { from: '10.0.0.1', to: 'cart', verdict: 'tls', hops: 2, half: { side: 'server', key: 'key 7' } }],
  ])
})

test('what comes later tells whom it joins, as that is now', async () => {
  const [a, b] = [new MemoryPart(1), new MemoryPart(2)]
  const search = new MergedSearch([a, b], REQUESTS)
  b.say(1_000_100, end('server', 7))
  const first = await search.newer([0, 0], 10)
  assert.deepEqual(first.rows.map(({ row, joinedTo }) => [row.way?.nodes, row.way?.half?.doubt, joinedTo]), [[undefined, 'no-other-end', undefined]])
  a.say(1_000_000, end('client', 7))
  const second = await search.newer([0, 1], 10)
  assert.deepEqual(second.rows.map(({ row, at, joinedTo }) => [at, row.id, joinedTo?.at, joinedTo?.row.id, joinedTo?.row.way?.nodes]), [[0, 1, 1, 1, ['node-1', 'node-2']]])
})

test('what is not the same for certain stays apart, and why is said', async () => {
  const differing: Partial<StoredRow>[] = [{ what: 'GET /8' }, { status: 404 }, { protocol: 'grpc' }, { requestBytes: 9 }, { responseBytes: 9 }, { elapsedMicros: 901 }, { atMicros: 12_000_000 }]
  for (const own of differing) {
    const [a, b] = [new MemoryPart(1), new MemoryPart(2)]
    a.say(1_000_000, end('client', 7, { requestBytes: 5, responseBytes: 5 }))
    b.say(1_000_100, end('server', 7, { requestBytes: 5, responseBytes: 5, ...own }))
    const { rows } = await new MergedSearch([a, b], REQUESTS).page({ limit: 10, waitMs: 0 })
    assert.deepEqual(rows.map(({ row, joinedTo }) => [row.way?.half?.doubt, joinedTo]), [['differs', undefined], ['differs', undefined]], JSON.stringify(own))
  }
  const parts = [new MemoryPart(1), new MemoryPart(2), new MemoryPart(3)]
  for (const [n, part] of parts.entries()) part.say(1_000_000 + n, end(n === 0 ? 'client' : 'server', 7))
  const { rows } = await new MergedSearch(parts, REQUESTS).page({ limit: 10, waitMs: 0 })
  assert.deepEqual(rows.map(({ row }) => row.way?.half?.doubt), ['differs', 'differs', 'differs'])
})

test('all hops as rows: nothing is joined', async () => {
  const [a, b] = [new MemoryPart(1), new MemoryPart(2)]
  a.say(1_000_000, end('client', 7))
  b.say(1_000_100, end('server', 7))
  const { rows } = await new MergedSearch([a, b], {}).page({ limit: 10, waitMs: 0 })
  assert.ok(rows.every(({ joinedTo, row }) => joinedTo === undefined && row.way?.half?.doubt === undefined))
})
