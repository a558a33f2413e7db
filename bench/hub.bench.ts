import { join } from 'node:path'
import type { JsonRecord } from '../src/model/api.ts'
import { EmbeddedStore } from '../src/store/embedded-store.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const MESSAGES = 1_000_000
const BATCH = 400
/** Batches under way, about what a capture thread is owed. */
const UNDER_WAY = 32
const PAGE = 200
const MIB = 1024 * 1024

/** What is asked of a million messages: what columns answer, and what must look into records. */
const COLUMNS: readonly string[] = ['', 'status_code >= 500', 'dst.name == "cart3"', 'src.name == "nobody"', 'redis && elapsed_ms > 5']
const ANY: readonly string[] = [
  'path.contains("/cart/77")', 'response.body.json.count > 7', 'size(request.headers) > 3', 'request.headers["x-request-id"] == "req-999123"', 'host.matches("^st.*e$") && status == 500',
  // Nothing matches, so that the page is known when all has been looked at; and nothing says so beforehand.
  'size(request.headers) > 30', 'response.body.json.count > 70', 'path.matches("x+y+z+")', 'size(request.headers) > 30 || response.headers["date"].endsWith("UTC")', 'record.matches("z[0-9]{3}q")',
]

/** A request as a tap prints it, 880 bytes; every tenth is one of Redis. */
function line(i: number): string {
  const at = new Date(Date.UTC(2026, 10, 21) + i).toISOString().replace('Z', '456Z')
  const record: JsonRecord = {
    at, protocol: i % 10 === 0 ? 'redis' : 'http1', capture: 'netns', hop: 'clear', namespace: 'web', interface: 'lo', flow: `a${i % 5000}`,
    client: { ip: '127.0.0.1', port: 40_000 + i % 5000, name: 'web' }, server: { ip: '127.137.0.2', port: 8080, name: `cart${i % 7}` }, elapsedMicros: 700 + i % 9999,
    what: `GET /cart/${i % 1000}`, status: i % 50 === 0 ? 500 : 200, outcome: i % 50 === 0 ? 'server-error' : 'ok', complete: true,
    request: { method: 'GET', path: `/cart/${i % 1000}`, version: '1.1', headers: [{ name: 'Host', value: 'stock.example' }, { name: 'User-Agent', value: 'node' }, { name: 'Accept', value: '*/*' }, { name: 'X-Request-Id', value: `req-${i}` }], bodyBytes: 0, durationMicros: 0, complete: true },
    response: { status: 200, reason: 'OK', version: '1.1', headers: [{ name: 'Content-Type', value: 'application/json' }, { name: 'Date', value: 'Sat, 21 Nov 2026 12:00:00 GMT' }], bodyBytes: 60, body: { json: { sku: `tea-${i}`, count: i % 9 } }, durationMicros: 120, complete: true },
  }
  return `${JSON.stringify(record)}\n`
}

/** Microseconds a message, the making of the lines not counted: on a machine with one free core for the store. */
async function ingest(store: EmbeddedStore): Promise<number> {
  let addingMs = 0
  const underWay = new Set<Promise<void>>()
  for (let i = 0; i < MESSAGES; i += BATCH) {
    const text = Buffer.from(Array.from({ length: BATCH }, (_, n) => line(i + n)).join(''))
    const startMs = performance.now()
    const added: Promise<void> = store.add(text).finally(() => underWay.delete(added))
    underWay.add(added)
    // Nothing is made while the store works, so that its time is its own.
    if (underWay.size >= UNDER_WAY) await Promise.all(underWay)
    addingMs += performance.now() - startMs
  }
  const startMs = performance.now()
  await Promise.all(underWay)
  return (addingMs + performance.now() - startMs) * 1000 / MESSAGES
}

interface Took { readonly first: number, readonly page: number, readonly whole: number }

/** Until there are rows to show, until there is a page of them (or it is known that there are fewer), and until the search is over. */
async function searchMs(store: EmbeddedStore, q: string): Promise<Took> {
  const startMs = performance.now()
  let first: number | undefined
  let whole: number | undefined
  for (;;) {
    const page = await store.page({ q, limit: PAGE, waitMs: 50 })
    const tookMs = performance.now() - startMs
    if (page.rows.length > 0) first ??= tookMs
    if (page.rows.length >= PAGE || page.searching === undefined) whole ??= tookMs
    if (page.searching === undefined) return { first: first ?? tookMs, page: whole!, whole: tookMs }
  }
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  const store = new EmbeddedStore({ path: join(folder, 'messages.sqlite'), run: 'bench', keep: {} })
  await store.ready()
  const beforeBytes = process.memoryUsage().rss
  progress(`adding ${MESSAGES} messages`)
  const micros = await ingest(store)
  const usedBytes = process.memoryUsage().rss - beforeBytes
  const diskBytes = (await store.info()).keep.usedBytes
  progress('searching')
  const columns: Took[] = []
  const any: Took[] = []
  for (const q of COLUMNS) columns.push(await searchMs(store, q))
  for (const q of ANY) any.push(await searchMs(store, q))
  await store.close()
  return [
    { metric: 'messages a second into the store', unit: '/s', samples: [1e6 / micros], goal: { atLeast: 50_000 }, note: '880 bytes of JSON each' },
    { metric: 'memory of a million messages', unit: 'MiB', samples: [usedBytes / MIB], goal: { atMost: 400 } },
    { metric: 'disk of a million messages', unit: 'MiB', samples: [diskBytes / MIB] },
    slowest('first page, columns, slowest', COLUMNS, columns.map((took) => took.page), 300),
    slowest('first page, any expression, slowest', ANY, any.map((took) => took.page), 1500),
    slowest('first rows, any expression, slowest', ANY, any.map((took) => took.first)),
    slowest('all of a million searched, any expression', ANY, any.map((took) => took.whole)),
  ]
}

function slowest(metric: string, filters: readonly string[], ms: readonly number[], atMost?: number): Row {
  return { metric, unit: 'ms', samples: [Math.max(...ms)], ...(atMost !== undefined && { goal: { atMost } }), note: filters.map((q, i) => `${q === '' ? 'all' : q}: ${ms[i]!.toFixed(0)}`).join('; ') }
}

export const bench: Bench = {
  name: 'hub',
  claim: 'The hub keeps 50,000 messages a second and shows the first page of any filter over a million of them within 1.5 s',
  run,
}
