import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileWatch } from './file-watch.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-watch-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await sleep(10)
  assert.ok(condition())
}

test('a write, an atomic rename and a removal are each told; other files of the folder are not', async (t) => {
  const folder = folderOf(t)
  const file = join(folder, 'a')
  writeFileSync(file, '1')
  let told = 0
  const watch = new FileWatch([file, join(folder, 'b')], () => { told++ })
  t.after(() => watch.close())
  writeFileSync(join(folder, 'other'), 'x')
  await sleep(300)
  assert.equal(told, 0)
  writeFileSync(file, '22')
  await until(() => told === 1)
  writeFileSync(join(folder, 'new'), '33')
  renameSync(join(folder, 'new'), file)
  writeFileSync(join(folder, 'b'), 'b')
  await until(() => told === 2)
  rmSync(file)
  await until(() => told === 3)
})

test('a symlink to a folder that is swapped, as Kubernetes does it', async (t) => {
  const folder = folderOf(t)
  for (const name of ['one', 'two']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'key.pem'), name)
  }
  symlinkSync('one', join(folder, '..data'))
  symlinkSync(join('..data', 'key.pem'), join(folder, 'key.pem'))
  let told = 0
  const watch = new FileWatch([join(folder, 'key.pem')], () => { told++ })
  t.after(() => watch.close())
  symlinkSync('two', join(folder, '..tmp'))
  renameSync(join(folder, '..tmp'), join(folder, '..data'))
  await until(() => told === 1)
})

test('a file that cannot be looked at is one that is not there, and told when it can', async (t) => {
  const folder = folderOf(t)
  const file = join(folder, 'a')
  symlinkSync('a', file)
  let told = 0
  const watch = new FileWatch([file], () => { told++ })
  t.after(() => watch.close())
  writeFileSync(join(folder, 'new'), '1')
  renameSync(join(folder, 'new'), file)
  await until(() => told === 1)
})

test('a folder that is not there is no error', (t) => {
  const watch = new FileWatch(['/nowhere/at/all'], () => {})
  t.after(() => watch.close())
})
