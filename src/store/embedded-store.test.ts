import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { EmbeddedStore, storeError } from './embedded-store.ts'
import type { Keep } from './keep.ts'
import { linesOf, record } from './record.fixture.ts'
import { storeContract } from './store-contract.fixture.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-test-store-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function open(t: TestContext, keep: Keep, path = join(folder(t), 'messages.sqlite')): Promise<EmbeddedStore> {
  const store = new EmbeddedStore({ path, run: `${process.pid} ${Math.random()}`, keep })
  t.after(() => store.close())
  await store.ready()
  return store
}

storeContract({ name: 'embedded', open })

test('a store that is opened again goes on with new numbers, and flows of two runs stay apart', async (t) => {
  const path = join(folder(t), 'messages.sqlite')
  const first = await open(t, {}, path)
  await first.add(linesOf([record(), record()]))
  await first.close()
  const second = await open(t, {}, path)
  await second.add(linesOf([record()]))
  const { rows } = await second.page({ limit: 10, waitMs: 1000 })
  assert.deepEqual(rows.map((row) => [row.id, row.flow]), [[1, 1], [2, 1], [3, 2]])
})

test('a file that is no database is refused in words', async (t) => {
  const store = new EmbeddedStore({ path: join(folder(t), 'missing', 'messages.sqlite'), run: 'x', keep: {} })
  await assert.rejects(store.ready(), /the store failed/)
  await assert.rejects(store.add(linesOf([record()])), /the store/)
  await store.close()
})

/** Writes numbered records until it is killed, and says which are kept. */
const WRITER = `
import { EmbeddedStore } from './src/store/embedded-store.ts'
const store = new EmbeddedStore({ path: process.argv[1], run: 'killed', keep: {} })
await store.ready()
const base = JSON.parse(process.argv[2])
for (let n = 1; ; n += 50) {
  await store.add(Buffer.from(Array.from({ length: 50 }, (_, i) => JSON.stringify({ ...base, what: 'GET /' + (n + i) }) + '\\n').join('')))
  process.stdout.write((n + 49) + '\\n')
}`

test('a Node that is too old for it is named, and from which on it works', () => {
  // As 20.20 and 22.13 say it.
  for (const said of ['No such built-in module: node:sqlite', 'this[#one].setReturnArrays is not a function']) {
    const { code, message, hint } = storeError(new Error(said), '/x')
    assert.deepEqual([code, hint], ['not-supported', 'the viewer needs Node 22.16 or later'])
    assert.match(message, /^this Node \(v\d+\.\d+\.\d+\) has no SQLite/)
  }
  assert.deepEqual([storeError(new Error('disk I/O error'), '/x').code], ['cannot-write'])
})

test('kill -9 loses nothing that was said to be kept, and leaves a whole store', async (t) => {
  const path = join(folder(t), 'messages.sqlite')
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', WRITER, path, JSON.stringify(record())], { stdio: ['ignore', 'pipe', 'inherit'], cwd: new URL('../..', import.meta.url) })
  const ended = new Promise((resolve) => child.on('close', resolve))
  let kept = 0
  child.stdout.on('data', (text: Buffer) => {
    kept = Number(text.toString().trim().split('\n').at(-1))
    if (kept >= 300) child.kill('SIGKILL')
  })
  await ended
  assert.ok(kept >= 300, `the writer ended by itself after ${kept}`)
  const store = await open(t, {}, path)
  const { stored } = await store.info()
  assert.ok(stored >= kept, `${kept} were kept, ${stored} are there`)
  const { rows } = await store.page({ limit: 1000, waitMs: 1000 })
  assert.deepEqual(rows.slice(0, kept).map((row) => row.what), Array.from({ length: kept }, (_, i) => `GET /${i + 1}`).slice(0, rows.length))
  const [last] = await store.records([rows.at(-1)!.id])
  assert.equal(JSON.parse(last!.line).what, rows.at(-1)!.what)
})
