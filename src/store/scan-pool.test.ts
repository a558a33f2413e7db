import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { JoinedHops } from './joined-hops.ts'
import { RecordReader } from './record-reader.ts'
import { RecordWriter } from './record-writer.ts'
import { record } from './record.fixture.ts'
import { ScanPool } from './scan-pool.ts'
import { prepareSchema } from './schema.ts'
import { Search } from './search.ts'

const MESSAGES = 45_000
const MATCHING = Array.from({ length: MESSAGES }, (_, i) => i + 1).filter((id) => id % 1000 === 0)
const Q = 'request.headers["x-n"].matches("^[0-9]+000$")'

/** A database with numbered requests, on the disk. */
function database(t: TestContext): { path: string, db: DatabaseSync } {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-scan-'))
  const path = join(folder, 'messages.sqlite')
  const db = new DatabaseSync(path)
  t.after(() => {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  assert.ok(prepareSchema(db))
  const writer = new RecordWriter(db, 'run')
  const text = JSON.stringify(record({ request: { headers: [{ name: 'X-N', value: 'NUMBER' }] } }))
  for (let i = 1; i <= MESSAGES; i += 5000) writer.write(Buffer.from(Array.from({ length: 5000 }, (_, n) => `${text.replace('NUMBER', String(i + n))}\n`).join('')))
  return { path, db }
}

function poolOf(t: TestContext, path: string): ScanPool {
  const pool = new ScanPool(path, 1)
  t.after(() => pool.close())
  return pool
}

async function ready(pool: ScanPool): Promise<void> {
  while (!pool.hasRoom()) await sleep(10)
}

test('another thread finds what is found here, and all is in its order', async (t) => {
  const { path, db } = database(t)
  const pool = poolOf(t, path)
  await ready(pool)
  assert.deepEqual(await pool.scan({ key: 1, selection: { q: Q }, nowMicros: 0 }, 2000, 5001), [5000, 4000, 3000, 2000])
  const reader = new RecordReader(db)
  const search = new Search(db, reader, new JoinedHops(db, reader), { q: Q }, 0, pool)
  let waited = 0
  while (search.step()) if (search.isWaiting && waited++ >= 0) await sleep(1)
    else await sleep(0)
  assert.deepEqual([...search.ids()], MATCHING)
  assert.equal(search.searching, undefined)
})

test('what goes while it is searched is not found, and a thread that ends is no loss', async (t) => {
  const { path, db } = database(t)
  const pool = poolOf(t, path)
  await ready(pool)
  const reader = new RecordReader(db)
  const search = new Search(db, reader, new JoinedHops(db, reader), { q: Q }, 0, pool)
  search.step()
  db.exec('DELETE FROM pages WHERE last_id <= 5000; DELETE FROM messages WHERE id <= 5000')
  const { first } = reader.bounds()
  assert.ok(first > 1)
  search.removeBelow(first)
  await pool.close()
  while (search.step()) await sleep(0)
  assert.deepEqual([...search.ids()], MATCHING.filter((id) => id >= first))
})

test('a database that cannot be read is looked at by nobody else', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'mtlscope-test-scan-')), 'no.sqlite')
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }))
  writeFileSync(path, 'this is no database, whatever its name says')
  const pool = poolOf(t, path)
  assert.equal(pool.hasRoom(), false)
  assert.equal(await pool.scan({ key: 1, selection: { q: Q }, nowMicros: 0 }, 1, 2), undefined)
})
