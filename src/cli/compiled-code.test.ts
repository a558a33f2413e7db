import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { keepCompiledCode } from './compiled-code.ts'

function home(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-home-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('compiled code is kept under a home that is the user\'s own', (t) => {
  const own = home(t)
  assert.equal(keepCompiledCode(own), join(own, '.cache/mtlscope/compiled'))
})

test('what others may write to is never read back', (t) => {
  const own = home(t)
  chmodSync(own, 0o777)
  assert.equal(keepCompiledCode(own), undefined)
  chmodSync(own, 0o700)
  mkdirSync(join(own, '.cache/mtlscope'), { recursive: true })
  chmodSync(join(own, '.cache/mtlscope'), 0o777)
  assert.equal(keepCompiledCode(own), undefined)
})

test('nor where a link leads, nor without a home', (t) => {
  const [own, other] = [home(t), home(t)]
  chmodSync(other, 0o777)
  symlinkSync(other, join(own, '.cache'))
  assert.equal(keepCompiledCode(own), undefined)
  assert.equal(keepCompiledCode(join(own, 'absent')), undefined)
  assert.equal(keepCompiledCode(''), undefined)
})
