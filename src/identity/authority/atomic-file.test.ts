import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeFileAtomic } from './atomic-file.ts'
import { tempFolder } from './ca.fixture.ts'

test('a key is readable for its owner only, a bundle for everybody, whatever the umask', async (t) => {
  const folder = tempFolder(t)
  const before = process.umask(0)
  t.after(() => process.umask(before))
  await writeFileAtomic(join(folder, 'key'), 'x', { mode: 0o600, replace: false })
  process.umask(0o077)
  await writeFileAtomic(join(folder, 'bundle'), 'x', { mode: 0o644, replace: false })
  assert.deepEqual(['key', 'bundle'].map((name) => statSync(join(folder, name)).mode & 0o777), [0o600, 0o644])
  assert.deepEqual(readdirSync(folder).toSorted(), ['bundle', 'key'])
})

test('what is there is not overwritten unless that is meant', async (t) => {
  const path = join(tempFolder(t), 'file')
  writeFileSync(path, 'old')
  await assert.rejects(writeFileAtomic(path, 'new', { mode: 0o644, replace: false }), { code: 'ca-exists' })
  assert.equal(readFileSync(path, 'utf8'), 'old')
  await writeFileAtomic(path, 'new', { mode: 0o644, replace: true })
  assert.equal(readFileSync(path, 'utf8'), 'new')
})

test('of two that write a new file at once one wins, and the file is whole', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'file')
  const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(10_000))
  const results = await Promise.allSettled(texts.map((text) => writeFileAtomic(path, text, { mode: 0o600, replace: false })))
  const [winner] = texts.filter((_, i) => results[i]!.status === 'fulfilled')
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  assert.equal(readFileSync(path, 'utf8'), winner)
  assert.deepEqual(readdirSync(folder), ['file'])
})

test('a failure says what to do and leaves nothing behind', async (t) => {
  const folder = tempFolder(t)
  await assert.rejects(writeFileAtomic(join(folder, 'no', 'file'), 'x', { mode: 0o600, replace: true }), { code: 'cannot-write', hint: 'the folder does not exist' })
  mkdirSync(join(folder, 'taken'))
  await assert.rejects(writeFileAtomic(join(folder, 'taken'), 'x', { mode: 0o600, replace: true }), { code: 'cannot-write' })
  assert.deepEqual(readdirSync(folder), ['taken'])
})
