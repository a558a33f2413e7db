import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openSecretFolder } from './secret-folder.ts'

test('only its owner may enter, and it is gone once it was removed', () => {
  const folder = openSecretFolder()
  assert.equal(statSync(folder.path).mode & 0o777, 0o700)
  writeFileSync(join(folder.path, 'identity.json'), 'key')
  folder.remove()
  folder.remove()
  assert.equal(existsSync(folder.path), false)
})

test('what an earlier one left is removed, what another one uses is not, nor what is being made', (t) => {
  const used = openSecretFolder()
  t.after(() => used.remove())
  const parent = dirname(used.path)
  const [left, making] = [1, 2].map((n) => mkdtempSync(join(parent, `mtlscope-envoy-${process.pid}-test${n}-`))) as [string, string]
  t.after(() => { for (const path of [left, making]) rmSync(path, { recursive: true, force: true }) })
  writeFileSync(join(left, 'identity.json'), 'key')
  for (const path of [left, used.path]) utimesSync(path, 1, 1)
  openSecretFolder().remove()
  assert.deepEqual([left, used.path, making].map((path) => existsSync(path)), [false, true, true])
})
