import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProcess } from './spawn.ts'

test('ready when the line is said, other lines are handed over', async () => {
  const lines: string[] = []
  const p = startProcess('sh', ['-c', 'echo one; echo ready; echo two; exec cat'], { stdin: 'pipe', readyLine: 'ready', onLine: (l) => lines.push(l) })
  await p.ready
  p.stdin?.end('three\n')
  assert.deepEqual(await p.exited, { code: 0, signal: undefined })
  assert.deepEqual(lines, ['one', 'two', 'three'])
})

test('a process that ends before it is ready fails with its last words', async () => {
  const p = startProcess('sh', ['-c', 'echo no such port >&2; exit 3'], { readyLine: 'ready' })
  await assert.rejects(p.ready, { code: 'child-failed', message: 'sh ended before it was ready: exit status 3 (no such port)' })
  assert.deepEqual(await p.exited, { code: 3, signal: undefined })
})

test('a program that is not installed is missing-program', async () => {
  const p = startProcess('mtlscope-no-such-program', [])
  await assert.rejects(p.ready, { code: 'missing-program' })
  await p.exited
})

test('stop ends a process that does not heed SIGTERM', async () => {
  const p = startProcess('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'], { readyLine: 'ready' })
  await p.ready
  assert.deepEqual(await p.stop(100), { code: undefined, signal: 'SIGKILL' })
})

test('stop of a process that heeds it', async () => {
  const p = startProcess('sleep', ['60'])
  await p.ready
  assert.deepEqual(await p.stop(5000), { code: undefined, signal: 'SIGTERM' })
})
