import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { MessageRow } from '../model/api.ts'
import { record } from '../store/record.fixture.ts'
import type { TestHub } from './hub.fixture.ts'
import { openTestHub } from './hub.fixture.ts'

/** Longer than any of these takes on a busy machine: then it fails instead of hanging. */
const LONGEST_MS = 120_000
const MOST_WANTED_CHARS = 100

interface Event { readonly name: string, readonly data: Record<string, unknown>, readonly id: string }

/** Reads server-sent events until `enough`. */
async function events(url: string, enough: (all: readonly Event[]) => boolean, headers: Record<string, string> = {}): Promise<Event[]> {
  const stop = new AbortController()
  const answer = await fetch(url, { headers, signal: AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)]) })
  assert.match(answer.headers.get('content-type')!, /^text\/event-stream/)
  const all: Event[] = []
  let text = ''
  for await (const chunk of answer.body!) {
    text += Buffer.from(chunk).toString()
    const parts = text.split('\n\n')
    text = parts.pop()!
    for (const part of parts) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? ''
      if (field('event') !== '') all.push({ name: field('event'), data: JSON.parse(field('data')) as Record<string, unknown>, id: field('id') })
    }
    if (enough(all)) break
  }
  stop.abort()
  return all
}

async function listening(t: TestContext): Promise<{ opened: TestHub, base: string, port: number }> {
  const opened = await openTestHub(t, { options: { kind: 'live' } })
  await opened.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = opened.app.server.address() as { port: number }
  return { opened, port, base: `http://127.0.0.1:${port}/api/v1` }
}

/** Waits until the hub knows of a browser. */
async function connected({ hub }: TestHub): Promise<void> {
  const endMs = Date.now() + LONGEST_MS
  while (hub.clients === 0) {
    assert.ok(Date.now() < endMs, 'nobody connected')
    await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
}

const rowsOf = (all: readonly Event[]): MessageRow[] => all.filter(({ name }) => name === 'rows').flatMap(({ data }) => data.rows as MessageRow[])

test('new rows come by themselves, those before only where they are asked for', async (t) => {
  const { opened, base } = await listening(t)
  await opened.add([record({ what: 'GET /old' })])
  const found = events(`${base}/live?q=http`, (all) => rowsOf(all).length >= 2)
  // Whoever connects late gets what follows.
  await connected(opened)
  const again = setInterval(() => void opened.add([record({ protocol: 'redis', what: 'GET x' }), record({ what: 'GET /new' })]), 50)
  const rows = rowsOf(await found)
  clearInterval(again)
  assert.ok(rows.every((row) => row.what === 'GET /new'))
  const all = await events(`${base}/live?after=0`, (got) => rowsOf(got).length >= 1)
  assert.equal(rowsOf(all)[0]!.what, 'GET /old')
})

test('a browser that comes back goes on where it was', async (t) => {
  const { opened, base } = await listening(t)
  await opened.add(Array.from({ length: 10 }, (_, i) => record({ what: `GET /${i}` })))
  const all = await events(`${base}/live`, (got) => rowsOf(got).length >= 4, { 'last-event-id': '6' })
  assert.deepEqual(rowsOf(all).map((row) => row.what), ['GET /6', 'GET /7', 'GET /8', 'GET /9'])
  assert.equal(all.find(({ name }) => name === 'rows')!.id, '10')
})

test('health, the end, and a bad filter are told', async (t) => {
  const { opened, base } = await listening(t)
  const names = (all: readonly Event[]): string[] => all.map(({ name }) => name)
  assert.deepEqual(names(await events(`${base}/live?q=foo`, () => false)), ['problem'])
  opened.hub.end()
  assert.ok(names(await events(`${base}/live`, (all) => names(all).includes('end') && names(all).includes('health'))).length >= 2)
})

test('a browser that does not read is neither waited for nor queued for', async (t) => {
  const { opened, port } = await listening(t)
  const slow = await silent(port)
  t.after(() => slow.destroy())
  await connected(opened)
  const padding = 'x'.repeat(4000)
  for (let round = 0; round < 30; round++) await opened.add(Array.from({ length: 500 }, (_, i) => record({ what: `GET /${round}/${i}/${padding}` })))
  assert.equal((await opened.hub.store.info()).stored, 15_000)
  // It reads at last, and goes on with the newest.
  const text = await readAll(slow, ['event: skipped', '"what":"GET /29/499/'])
  assert.match(text, /event: skipped\ndata: \{"count":\d+/)
  assert.ok(text.length < 15_000 * padding.length / 2, 'most was never queued')
})

/** Asks for events and reads none. */
function silent(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.pause()
      socket.write(`GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      resolve(socket)
    })
    socket.on('error', reject)
  })
}

/** Reads until all of these have come. */
function readAll(socket: Socket, wanted: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let missing = wanted
    socket.setTimeout(LONGEST_MS, () => socket.destroy())
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      // Megabytes come: only what is new is searched, with what a word may have begun in.
      const fresh = text.slice(-chunk.length - MOST_WANTED_CHARS)
      missing = missing.filter((word) => !fresh.includes(word))
      if (missing.length === 0) resolve(text)
    })
    socket.on('close', () => reject(new Error(`closed after ${text.length} bytes`)))
    socket.resume()
  })
}
