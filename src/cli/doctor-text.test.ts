import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, failed, ok } from '../sys/check.ts'
import { conclusion, formatChecks } from './doctor-text.ts'

const RING = { name: 'packet-ring', group: 'tap' as const, required: true, found: 'opened on lo', purpose: 'live capture' }
const NAMESPACE = { name: 'enter-namespace', group: 'tap' as const, required: true, found: 'refused', purpose: '--mesh', fix: 'sudo mtlscope …' }
const USER = { name: 'user-namespaces', group: 'demo' as const, found: 'made one', purpose: 'demo' }

test('columns are aligned, a shared fix stands once, under the last that it mends', () => {
  const text = formatChecks([ok(RING), failed(NAMESPACE), failed({ ...NAMESPACE, name: 'other' }), absent({ ...USER, group: 'optional', found: 'none', fix: 'get it' })], false)
  assert.equal(text, `tap: capture live
  ✓ yes   packet-ring      opened on lo  live capture
  ✗ no    enter-namespace  refused       --mesh
  ✗ no    other            refused       --mesh
                           fix: sudo mtlscope …

Optional
  – none  user-namespaces  none          demo
                           fix: get it

tap cannot capture live here (tap -r FILE works)
`)
})

test('colours only where they are wanted', () => {
  assert.equal(formatChecks([ok(RING)], false).includes('\u001b'), false)
  assert.ok(formatChecks([ok(RING)], true).includes('\u001b[32m✓ yes '))
})

test('what a program says of itself cannot steer the terminal', () => {
  const text = formatChecks([ok({ ...RING, found: '\u001b[2Jgone\u0007\n' })], false)
  assert.equal(text.includes('\u001b') || text.includes('\u0007'), false)
  assert.equal(text.split('\n').length, 5)
})

test('the last line says what works', () => {
  assert.equal(conclusion([ok(RING), ok(USER)]), 'tap works here, and so does demo')
  assert.equal(conclusion([failed(RING), ok(USER)]), 'tap cannot capture live here (tap -r FILE works); demo works, in a user namespace')
  assert.equal(conclusion([failed(RING), failed(USER)]), 'tap cannot capture live here (tap -r FILE works)')
  assert.equal(conclusion([ok(RING), failed({ ...USER, name: 'ip' })]), 'tap works here; demo lacks a part')
})
