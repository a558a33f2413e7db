import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { RequestHalf, RequestWay } from '../../model/api.ts'
import { linesOf, record } from '../../store/record.fixture.ts'
import { RecordStore } from '../../store/record-store.ts'
import type { PartAnswers, PartAsk, PartKind } from '../../store/search-part.ts'
import type { Counted, Selection } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'
import { ClusterStore } from './cluster-store.ts'

const BEGAN = Date.UTC(2026, 10, 21)
const ONCE = { requests: true, by: 'service', points: 10 } as const

interface End { readonly n: number, readonly offset: number, readonly side: RequestHalf['side'], readonly way?: Partial<RequestWay>, readonly status?: number, readonly doubt?: RequestHalf['doubt'] }

/** A store of one node, with ends of requests that were joined as far as it can. */
class NodeStore {
  readonly store = new RecordStore({ path: ':memory:', run: 'run', keep: {}, now: () => performance.now(), helpers: 0 })
  readonly ways: { id: number, way: RequestWay }[] = []
  readonly part: StorePart
  failing: PartKind | 'edges' | undefined

  constructor(slot: number) {
    const { store } = this
    const unless = async <T>(what: NodeStore['failing'], answer: () => Promise<T>): Promise<T> => {
      if (this.failing === what) throw new Error('it is gone')
      return await answer()
    }
    this.part = {
      slot, node: `node-${slot}`, crossings: true,
      part: async <K extends PartKind>(selection: Selection, ask: PartAsk & { readonly kind: K }) => await unless(ask.kind, () => store.part(selection, ask)) as PartAnswers[K],
      edges: (selection, ends) => unless('edges', () => store.edges(selection, ends)), series: (query, ends) => store.series(query, ends), info: () => Promise.resolve(store.info()),
      batch: (selection, after, limit) => store.batch(selection, after, limit), records: (ids) => Promise.resolve(store.records(ids)), connection: (flow, bounds) => Promise.resolve(store.connection(flow, bounds)),
      witnesses: (selection, limit) => store.witnesses(selection, limit), values: (field, prefix, limit) => Promise.resolve(store.values(field, prefix, limit)),
    }
  }

  say({ n, offset, side, way, status = 200, doubt }: End): void {
    const at = new Date(BEGAN + n * 10).toISOString().replace('Z', '000Z')
    const what = `GET /cart/${n}`
    this.store.add(linesOf([record({ at, what, status, namespace: side, elapsedMicros: side === 'client' ? 900 : 500, flow: side, server: { ip: '127.0.0.1', port: 15_001 } })]))
    const half = doubt === undefined ? { side, key: `c0ffee.${offset}` } : { side, doubt }
    this.ways.push({ id: this.ways.length + 1, way: { from: 'web', to: 'cart', verdict: 'tls', hops: 2, ...way, half } })
  }

  decide(): void {
    this.store.join({ ways: this.ways, further: [], upTo: this.ways.length })
  }
}

function merged(nodes: readonly NodeStore[]): ClusterStore {
  const gone = new Set<StorePart>()
  return new ClusterStore({ get present() { return nodes.map(({ part }) => part).filter((part) => !gone.has(part)) }, progress: new Map(), lost: (part) => gone.add(part), onChange: () => () => {}, close: () => Promise.resolve() })
}

async function counted(store: ClusterStore): Promise<{ services: Record<string, number>, edges: Record<string, number>, twice: number }> {
  const [series, edges] = [await store.series(ONCE), await store.edges({})]
  assert.equal(series.twice, edges.twice)
  const sum = <T>({ value }: Counted<T>, of: (value: T) => readonly (readonly [string, number])[]): Record<string, number> => Object.fromEntries(of(value).toSorted(([a], [b]) => a.localeCompare(b)))
  return {
    services: sum(series, ({ groups }) => groups.map(({ name, requests }) => [name, requests.reduce((a, b) => a + b, 0)])),
    edges: sum(edges, (all) => all.map(({ from, to, verdict, requests }) => [`${from} ${to} ${verdict}`, requests])), twice: series.twice ?? 0,
  }
}

const request = fc.record({ client: fc.nat(2), server: fc.nat(2), seen: fc.constantFrom('both', 'both', 'both', 'both', 'client', 'server', 'differs', 'alike'), bytes: fc.integer({ min: 1, max: 20_000 }) })

test('a request is counted once however its ends are spread, and what may be counted twice is no more than is said', async () => {
  await fc.assert(fc.asyncProperty(fc.array(request, { maxLength: 50 }), async (requests) => {
    const nodes = [new NodeStore(1), new NodeStore(2), new NodeStore(3)]
    let offset = 0
    let [once, twice] = [0, 0]
    for (const [n, { client, server, seen, bytes }] of requests.entries()) {
      offset += bytes
      const apart = client !== server
      const doubt = seen === 'alike' ? { doubt: 'alike' } as const : {}
      if (seen !== 'server') nodes[client]!.say({ n, offset, side: 'client', ...doubt })
      if (seen !== 'client' && apart) nodes[server]!.say({ n, offset, side: 'server', ...doubt, ...(seen === 'differs' && { status: 404 }) })
      once += seen === 'server' && !apart ? 0 : 1
      if (apart && (seen === 'differs' || seen === 'alike')) twice++
    }
    for (const node of nodes) node.decide()
    const { services, edges, twice: told } = await counted(merged(nodes))
    assert.equal(services.cart ?? 0, once + twice)
    assert.deepEqual(edges, requests.length === 0 || once === 0 ? {} : { 'web cart tls': once + twice })
    assert.ok(told >= twice, `${told} < ${twice}`)
    for (const { store } of nodes) store.close()
  }), { numRuns: 15 })
})

test('many requests of one connection are told in few pieces, and only where the two ends differ each of them', async () => {
  const [a, b] = [new NodeStore(1), new NodeStore(2)]
  for (let n = 0; n < 1000; n++) {
    a.say({ n, offset: n * 300, side: 'client' })
    if (n !== 500) b.say({ n, offset: n * 300, side: 'server' })
  }
  for (const node of [a, b]) node.decide()
  const asked: number[] = []
  const { part } = a.part
  const whole = { ...a.part, part: async (selection: Selection, ask: PartAsk) => {
    const answer = await part(selection, ask)
    if ('blocks' in answer) asked.push(answer.blocks.length, answer.ends.length)
    return answer
  } } as StorePart
  const store = new ClusterStore({ present: [whole, b.part], progress: new Map(), lost: (_, error) => { throw error }, onChange: () => () => {}, close: () => Promise.resolve() })
  const { value, twice } = await store.series(ONCE)
  assert.deepEqual([value.groups.map(({ name, requests }) => [name, requests.reduce((x, y) => x + y, 0)]), twice], [[['cart', 1000]], undefined])
  assert.deepEqual([asked[0], asked[1], asked[2], asked[3]! < 120], [10, 0, 0, true])
})

test('it is counted as what both ends know together, with the time that its client waited', async () => {
  const [a, b] = [new NodeStore(1), new NodeStore(2)]
  a.say({ n: 1, offset: 1, side: 'client', way: { from: 'web', to: '10.0.0.2', verdict: 'mtls-seen' } })
  b.say({ n: 1, offset: 1, side: 'server', way: { from: '10.0.0.1', to: 'cart', verdict: 'tls' } })
  for (const node of [a, b]) node.decide()
  const { value: [edge, ...more] } = await merged([a, b]).edges({})
  assert.deepEqual([edge!.from, edge!.to, edge!.verdict, edge!.requests, more.length], ['web', 'cart', 'mtls-seen', 1, 0])
  assert.deepEqual(edge!.latencies, (await a.store.edges({})).value[0]!.latencies)
})

test('what comes while it is counted waits for the next time, at both ends alike', async () => {
  const [a, b] = [new NodeStore(1), new NodeStore(2)]
  const both = (n: number): void => {
    a.say({ n, offset: n, side: 'client' })
    b.say({ n, offset: n, side: 'server' })
  }
  both(1)
  for (const node of [a, b]) node.decide()
  const { edges } = a.part
  const late = { ...a.part, edges: (...args: Parameters<StorePart['edges']>) => {
    both(2)
    for (const node of [a, b]) node.decide()
    return edges(...args)
  } } as StorePart
  const store = new ClusterStore({ present: [late, b.part], progress: new Map(), lost: (_, error) => { throw error }, onChange: () => () => {}, close: () => Promise.resolve() })
  assert.deepEqual((await store.edges({})).value.map(({ requests }) => requests), [1])
  assert.deepEqual((await merged([a, b]).edges({})).value.map(({ requests }) => requests), [2])
})

test('where a node is lost while it is counted, the other counts what it left to it', async () => {
  for (const failing of ['ends', 'edges'] as const) {
    const nodes = [new NodeStore(1), new NodeStore(2)]
    nodes[0]!.say({ n: 1, offset: 1, side: 'client' })
    nodes[1]!.say({ n: 1, offset: 1, side: 'server' })
    for (const node of nodes) node.decide()
    nodes[0]!.failing = failing
    assert.deepEqual((await merged(nodes).edges({})).value.map(({ requests }) => requests), [1], failing)
  }
})

test('an export has a request once, where both ends are there', async () => {
  const [a, b] = [new NodeStore(1), new NodeStore(2)]
  for (let n = 0; n < 30; n++) {
    if (n % 5 !== 1) a.say({ n, offset: n, side: 'client' })
    if (n % 5 !== 2) b.say({ n, offset: n, side: 'server' })
  }
  for (const node of [a, b]) node.decide()
  const store = merged([a, b])
  const all: string[] = []
  for (let batch = await store.batch({ requests: true }, undefined, 7); ; batch = await store.batch({ requests: true }, batch.next, 7)) {
    all.push(...batch.records.map(({ row }) => row.what))
    if (batch.next === undefined) break
    assert.equal(batch.records.length, 7)
  }
  assert.deepEqual(all.toSorted(), Array.from({ length: 30 }, (_, n) => `GET /cart/${n}`).toSorted())
})
