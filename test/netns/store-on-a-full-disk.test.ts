import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { record } from '../../src/store/record.fixture.ts'
import { need } from '../require.ts'

const run = promisify(execFile)

/** Fills a store that has no bounds of its own, and says what became of it. */
const FILL = `
import { RecordStore } from './src/store/record-store.ts'
const [path, text] = process.argv.slice(1)
const base = JSON.parse(text)
const store = new RecordStore({ path: path + '/messages.sqlite', run: 'x', keep: {}, now: Date.now })
let lost = 0
let last = 0
const noise = () => Array.from({ length: 20 }, () => Math.random().toString(36)).join('')
while (store.info().keep.removedMessages < 20_000 && last < 400_000) {
  const lines = Array.from({ length: 500 }, () => JSON.stringify({ ...base, what: 'GET /' + ++last, notes: [noise()] }) + '\\n')
  if (store.add(Buffer.from(lines.join(''))).messages === 0) lost += 500
}
const page = await store.page({ limit: 1, waitMs: 5000 })
console.log(JSON.stringify({ lost, last, info: store.info(), newest: page.rows[0].what }))
store.close()`

test('a full disk takes the oldest messages and no new ones, and says so', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-test-disk-'))
  t.after(() => rmdirSync(place))
  const mounts = await run('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', place]).then(() => true, () => false)
  if (!need(t, 'netns', mounts, 'the right to mount')) return
  const script = 'mount -t tmpfs -o size=40m none "$1" && exec "$2" --no-warnings --input-type=module --eval "$3" "$1" "$4"'
  const { stdout } = await run('unshare', ['-m', 'bash', '-c', script, 'bash', place, process.execPath, FILL, JSON.stringify(record())], { cwd: new URL('../..', import.meta.url), timeout: 120_000 })
  const { lost, last, info, newest } = JSON.parse(stdout) as { lost: number, last: number, info: { stored: number, keep: { removedMessages: number, problem?: string } }, newest: string }
  assert.equal(lost, 0)
  assert.ok(info.keep.removedMessages >= 20_000, JSON.stringify(info))
  assert.equal(info.stored + info.keep.removedMessages, last)
  assert.equal(newest, `GET /${last}`)
  assert.match(info.keep.problem!, /the disk is full: the oldest messages go/)
})
