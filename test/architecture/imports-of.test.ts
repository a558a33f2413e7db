import assert from 'node:assert/strict'
import test from 'node:test'
import { importsOf } from './imports-of.ts'

test('every way to import is found', () => {
  const source = `
    import './a.ts'
    import b from 'b'
    import type { C } from '../c.ts'
    import {
      d,
      type D,
    } from "./d.ts"
    import * as e from 'node:e'
    export * from './f.ts'
    export { g } from './g.ts'
    const h = await import('./h.ts')
    new Worker(new URL('./i.ts', import.meta.url))
    new Worker(sibling(import.meta.url, 'j'))
  `
  assert.deepEqual(importsOf(source).sort(), ['../c.ts', './a.ts', './d.ts', './f.ts', './g.ts', './h.ts', './i.ts', './j.ts', 'b', 'node:e'])
})

test('what only looks like an import is none', () => {
  const source = `
    // import { x } from './comment.ts'
    const text = "import y from './string.ts'"
    export const from = 'value'
    const url = new URL('https://example.org/z.ts')
  `
  assert.deepEqual(importsOf(source), [])
})
