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
const ANY: readonly string[] = ['path.contains("/cart/77")', 'response.body.json.count > 7', 'size(request.headers) > 3', 'request.headers["x-request-id"] == "req-999123"', 'host.matches("^st.*e$") && status == 500']

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

/** Until there are rows to show, and until the search is over: rows are shown as they are found. */
async function searchMs(store: EmbeddedStore, q: string): Promise<{ first: number, whole: number }> {
  const startMs = performance.now()
  let first: number | undefined
  for (;;) {
    const page = await store.page({ q, limit: PAGE, waitMs: 50 })
    if (page.rows.length > 0) first ??= performance.now() - startMs
    if (page.searching === undefined) return { first: first ?? performance.now() - startMs, whole: performance.now() - startMs }
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
  const columns: number[] = []
  const any: number[] = []
  const whole: number[] = []
  for (const q of COLUMNS) columns.push((await searchMs(store, q)).first)
  for (const q of ANY) {
    const took = await searchMs(store, q)
    any.push(took.first)
    whole.push(took.whole)
  }
  await store.close()
  return [
    { metric: 'messages a second into the store', unit: '/s', samples: [1e6 / micros], goal: { atLeast: 50_000 }, note: '880 bytes of JSON each' },
    { metric: 'memory of a million messages', unit: 'MiB', samples: [usedBytes / MIB], goal: { atMost: 400 } },
    { metric: 'disk of a million messages', unit: 'MiB', samples: [diskBytes / MIB] },
    { metric: 'first rows, columns, slowest', unit: 'ms', samples: [Math.max(...columns)], goal: { atMost: 300 }, note: COLUMNS.map((q, i) => `${q === '' ? 'all' : q}: ${columns[i]!.toFixed(0)}`).join('; ') },
    { metric: 'first rows, any expression, slowest', unit: 'ms', samples: [Math.max(...any)], goal: { atMost: 1500 }, note: ANY.map((q, i) => `${q}: ${any[i]!.toFixed(0)}`).join('; ') },
    { metric: 'all of a million searched, any expression', unit: 'ms', samples: [Math.max(...whole)], note: ANY.map((q, i) => `${q}: ${whole[i]!.toFixed(0)}`).join('; ') },
  ]
}

export const bench: Bench = {
  name: 'hub',
  claim: 'The hub keeps 50,000 messages a second and shows the first rows of any filter over a million of them at once',
  run,
}
