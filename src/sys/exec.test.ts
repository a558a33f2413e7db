import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MtlscopeError } from '../base/errors.ts'
import { findProgram, run } from './exec.ts'

/** Only of what hangs. */
const LONG_MS = 60_000

test('hands over what a program says and how it ends', async () => {
  assert.deepEqual(await run('sh', ['-c', 'printf out; printf err >&2; exit 3'], { timeoutMs: LONG_MS }), { code: 3, signal: undefined, stdout: 'out', stderr: 'err' })
  assert.deepEqual(await run('sh', ['-c', 'kill -TERM $$'], { timeoutMs: LONG_MS }), { code: undefined, signal: 'SIGTERM', stdout: '', stderr: '' })
})

test('standard input is empty', async () => {
  assert.equal((await run('cat', [], { timeoutMs: LONG_MS })).stdout, '')
})

test('a program that is not installed is named', async () => {
  for (const program of ['mtlscope-absent', '/nowhere/mtlscope-absent']) {
    await assert.rejects(run(program, [], { timeoutMs: LONG_MS }), (e) => e instanceof MtlscopeError && e.code === 'missing-program' && e.message === 'mtlscope-absent is not installed')
  }
})

test('a program that does not end is ended', async () => {
  await assert.rejects(run('sleep', ['60'], { timeoutMs: 50 }), (e) => e instanceof MtlscopeError && e.code === 'child-failed' && /^sleep did not end within 50 ms$/.test(e.message))
})

test('finds programs on PATH and among the administrators\'', () => {
  assert.match(findProgram('sh') ?? '', /\/sh$/)
  assert.equal(findProgram('sh', { PATH: '/nowhere' }), undefined)
  assert.equal(findProgram('mtlscope-absent'), undefined)
})
