import assert from 'node:assert/strict'
import test from 'node:test'
import { sibling } from './sibling.ts'

test('a sibling has the extension of the module that asks', () => {
  assert.equal(sibling('file:///srv/a/src/tap/live.ts', 'worker').href, 'file:///srv/a/src/tap/worker.ts')
  assert.equal(sibling('file:///srv/a/dist/tap/live.js', 'worker').href, 'file:///srv/a/dist/tap/worker.js')
})

test('dots and spaces in the path do not confuse it', () => {
  assert.equal(sibling('file:///srv/a.b/c%20d/live.ts', 'worker').pathname, '/srv/a.b/c%20d/worker.ts')
})
