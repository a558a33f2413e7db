import assert from 'node:assert/strict'
import test from 'node:test'
import { deadExports } from './dead-exports.ts'
import { readSourceTree } from './source-tree.ts'

test('what is exported is used', () => {
  assert.deepEqual(deadExports(readSourceTree(['src', 'test', 'bench', 'scripts', 'ui'], /\.tsx?$/)), [])
})

test('an export that is said nowhere else is named', () => {
  const files = [{ path: 'src/net/x.ts', text: 'export const USED = 1\nexport function forgotten(): void {}\n' }, { path: 'src/net/y.ts', text: 'import { USED } from \'./x.ts\'' }]
  assert.deepEqual(deadExports(files), ['src/net/x.ts: nobody uses forgotten'])
})
