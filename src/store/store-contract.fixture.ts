import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { JsonRecord } from '../model/api.ts'
import type { Keep } from './keep.ts'
import { linesOf, record } from './record.fixture.ts'
import type { Page, PageQuery, Store, StoreInfo } from './store.ts'
import { FilterError } from './store.ts'

/** `files`: how many it writes to, each of which is somewhat larger than it should be before room is made. */
export interface StoreMaker { readonly name: string, readonly files?: number, open(t: TestContext, keep: Keep): Promise<Store> }

/** Waits until a search is over. */
async function whole(store: Store, query: Partial<PageQuery>): Promise<Page> {
  for (;;) {
    const page = await store.page({ limit: 100, waitMs: 1000, ...query })
    if (page.searching === undefined) return page
  }
}

const WAIT_MS = 60_000

/** Asks anew while it is not so: on a busy machine an agent may be taken for lost for a moment. What it says at last, where it never is so. */
async function untilSo<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (const endMs = performance.now() + WAIT_MS; ;) {
    const answer = await ask()
    if (isSo(answer) || performance.now() > endMs) return answer
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
}

function numbered(count: number, own: (i: number) => Partial<JsonRecord> = () => ({})): JsonRecord[] {
  return Array.from({ length: count }, (_, i) => record({ at: new Date(Date.UTC(2026, 10, 21) + i * 1000).toISOString().replace('Z', '000Z'), what: `GET /cart/${i}`, flow: `f${i % 10}`, ...own(i) }))
}

/** What every store must do. */
export function storeContract(maker: StoreMaker): void {
  pagesContract(maker)
  filtersContract(maker)
  countsContract(maker)
  boundsContract(maker)
}

function pagesContract({ name, open }: StoreMaker): void {
  test(`${name}: what was added is there, in its order, as it was`, async (t) => {
    const store = await open(t, {})
    const records = numbered(250)
    await store.add(linesOf(records.slice(0, 100)))
    await store.add(linesOf(records.slice(100)))
    const page = await whole(store, { limit: 250 })
    assert.deepEqual(page.rows.map((row) => row.what), records.map((one) => one.what))
    assert.equal(page.end - page.start, 250)
    const { flowId, handshake, ...first } = page.rows[0]!
    assert.equal(flowId, 'f0')
    assert.equal(handshake, undefined)
    const [found] = await store.records([first.id])
    assert.deepEqual(JSON.parse(found!.line), records[0])
    assert.deepEqual(first.client, { ip: '127.0.0.1', port: 40000, name: 'web' })
  })

  test(`${name}: a page stays where it is while more comes`, async (t) => {
    const store = await open(t, {})
    await store.add(linesOf(numbered(100)))
    const before = await whole(store, { q: 'what.endsWith("7")' })
    assert.equal(before.rows.length, 10)
    await store.add(linesOf(numbered(100)))
    const after = await whole(store, { q: 'what.endsWith("7")', offset: before.offset, limit: 10 })
    assert.deepEqual(after.rows, before.rows)
    assert.equal(after.end - after.start, 20)
    const near = await whole(store, { q: 'what.endsWith("7")', near: before.rows[5]!.id, limit: 5 })
    assert.equal(near.nearPosition, before.offset + 5)
    assert.ok(near.rows.some((row) => row.id === before.rows[5]!.id))
    const hidden = await whole(store, { q: 'what.endsWith("7")', near: before.rows[5]!.id + 1 })
    assert.equal(hidden.nearPosition, undefined)
  })
}

function filtersContract({ name, open }: StoreMaker): void {
  test(`${name}: filters, ranges and what is new`, async (t) => {
    const store = await open(t, {})
    await store.add(linesOf(numbered(60, (i) => ({ status: i % 3 === 0 ? 500 : 200, outcome: i % 3 === 0 ? 'server-error' : 'ok', response: { headers: [], body: { json: { i } } } }))))
    assert.equal((await whole(store, { q: 'error' })).rows.length, 20)
    assert.equal((await whole(store, { q: 'response.body.json.i >= 50' })).rows.length, 10)
    assert.equal((await whole(store, { from: Date.UTC(2026, 10, 21) * 1000 + 10e6, to: Date.UTC(2026, 10, 21) * 1000 + 20e6 })).rows.length, 10)
    const last = (await store.info()).lastId
    await store.add(linesOf(numbered(30)))
    const newer = await store.newer({ q: 'what.endsWith("1")' }, last, 2)
    assert.deepEqual([newer.rows.length, newer.skipped, newer.lastId], [2, 1, last + 30])
    await assert.rejects(store.page({ q: 'staus == 1', limit: 1, waitMs: 0 }), (error) => error instanceof FilterError && error.problem.from === 0)
  })
}

function countsContract({ name, open }: StoreMaker): void {
  test(`${name}: connections, batches, values, counts`, async (t) => {
    const store = await open(t, {})
    await store.add(linesOf(numbered(40)))
    const flow = (await whole(store, {})).rows[0]!.flow
    const connection = await store.connection(flow, { limit: 2 })
    assert.deepEqual([connection.total, connection.records.map(({ row }) => row.what)], [4, ['GET /cart/0', 'GET /cart/10']])
    const before = await store.connection(flow, { before: connection.records[1]!.row.id, limit: 1 })
    assert.equal(before.records[0]!.row.what, 'GET /cart/0')
    const first = await store.batch({ q: 'http' }, undefined, 30)
    const second = await store.batch({ q: 'http' }, first.next, 30)
    assert.deepEqual([first.records.length, second.records.length, second.next], [30, 10, undefined])
    assert.deepEqual(await store.values('dst.name', 'CA', 5), [{ value: 'cart.shop', count: 40 }])
    assert.deepEqual(await store.values('nothing', '', 5), [])
    const edges = await store.edges({})
    assert.deepEqual(edges.value.map(({ from, to, requests, errors }) => [from, to, requests, errors]), [['web', 'cart.shop', 40, 0]])
    const series = await store.series({ by: 'path', points: 10 })
    assert.deepEqual(series.value.groups.map(({ name: group, requests }) => [group, requests.reduce((a, b) => a + b, 0)]), [['GET /cart/{id}', 40]])
    assert.equal((await store.witnesses({}, 100)).length, 10)
  })

  test(`${name}: lines that are no records are counted and left out`, async (t) => {
    const store = await open(t, {})
    await store.add(Buffer.concat([linesOf(numbered(2)), Buffer.from('{"health":{}}\nrubbish\n\n'), linesOf(numbered(2))]))
    const info = await store.info()
    assert.deepEqual([info.stored, info.rejected], [4, 2])
    const ids = (await whole(store, {})).rows.map((row) => row.id)
    for (const { line } of await store.records(ids)) assert.equal(JSON.parse(line).protocol, 'http1')
    assert.deepEqual(await store.records([9999]), [])
  })
}

function boundsContract({ name, files = 1, open }: StoreMaker): void {
  test(`${name}: the oldest go first when it is full, and positions stay`, async (t) => {
    const store = await open(t, { sizeBytes: 1024 * 1024 })
    const noise = (i: number): Partial<JsonRecord> => ({ what: `GET /${i}`, request: { method: 'GET', path: '/', headers: Array.from({ length: 20 }, (_, n) => ({ name: 'x', value: `${Math.imul(i * 31 + n, 2654435761)}${Math.imul(i + n * 97, 40503)}` })) } })
    await store.add(linesOf(numbered(2000, noise)))
    for (let round = 0; round < 12; round++) await store.add(linesOf(numbered(2000, noise)))
    // Room may still be made after what was added last.
    const look = async (): Promise<{ info: StoreInfo, after: Page, oldest: number | undefined }> => {
      const [info, after] = [await store.info(), await whole(store, { limit: 1 })]
      return { info, after, oldest: (await whole(store, { offset: after.start, limit: 1 })).rows[0]?.id }
    }
    const { info, after, oldest } = await untilSo(look, (now) => {
      return now.info.keep.removedMessages + now.info.stored === 26_000 && now.after.end - now.after.start === now.info.stored && now.oldest === now.info.firstId
    })
    assert.ok(info.keep.removedMessages > 0, 'nothing went')
    assert.equal(info.keep.removedMessages + info.stored, 26_000)
    assert.ok(info.keep.usedBytes < (2 + files) * 1024 * 1024, `uses ${info.keep.usedBytes} bytes`)
    assert.equal(after.end - after.start, info.stored)
    assert.equal(oldest, info.firstId)
  })

  test(`${name}: changes are told`, async (t) => {
    const store = await open(t, {})
    const told = new Promise<void>((resolve) => { store.onChange(resolve) })
    await store.add(linesOf(numbered(1)))
    await told
  })
}
