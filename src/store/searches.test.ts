import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { JoinedHops } from './joined-hops.ts'
import { RecordReader } from './record-reader.ts'
import { RecordWriter } from './record-writer.ts'
import { linesOf, record } from './record.fixture.ts'
import { prepareSchema } from './schema.ts'
import { Search } from './search.ts'
import { Searches } from './searches.ts'

/** Of a search that has to look into each of them three steps, of one that SQLite answers one. */
const MESSAGES = 9000
/** Longer than a search goes on that nobody asks about. */
const LONG_MS = 60_000
/** More than are remembered. */
const MANY = 20

/** Searches of a store in memory, and a clock that goes on by itself at each look. */
function searchesOf(t: TestContext, { stepMs }: { stepMs: number }): { searches: Searches, db: DatabaseSync } {
  const db = new DatabaseSync(':memory:')
  t.after(() => db.close())
  assert.ok(prepareSchema(db))
  new RecordWriter(db, 'run').write(linesOf(Array.from({ length: MESSAGES }, (_, n) => record({ what: `GET /${n}` }))))
  const reader = new RecordReader(db)
  let nowMs = 1e12
  const searches = new Searches((selection, atMs) => new Search(db, reader, new JoinedHops(db, reader), selection, atMs * 1000), () => nowMs += stepMs)
  t.after(() => searches.close())
  return { searches, db }
}

/** In no column, so that it is looked for in each line. */
const SLOW = { q: 'request.headers["x-n"].matches("^[0-9]+000$")' }

test('who waits for all of a search gets it, however long it takes', async (t) => {
  const { searches } = searchesOf(t, { stepMs: LONG_MS })
  const search = searches.of(SLOW)
  await searches.whole(search)
  assert.equal(search.searching, undefined)
})

test('and however many others are begun meanwhile', async (t) => {
  const { searches } = searchesOf(t, { stepMs: 1 })
  const search = searches.of(SLOW)
  const whole = searches.whole(search)
  for (let n = 0; n < MANY; n++) searches.of({ q: `what == "GET /${n}"` })
  await whole
  assert.equal(search.searching, undefined)
})

test('a machine that stands still while it is waited for has searched all the same', async (t) => {
  const { searches } = searchesOf(t, { stepMs: LONG_MS })
  const search = searches.of({})
  await searches.until(search, 250, () => false)
  assert.equal(search.searching, undefined)
  assert.equal(search.end - search.start, MESSAGES)
})

test('who does not want to wait gets what there is', async (t) => {
  const { searches } = searchesOf(t, { stepMs: 1 })
  const search = searches.of({})
  await searches.until(search, 0, () => false)
  assert.equal(search.end - search.start, 0)
})
