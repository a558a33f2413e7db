import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Check } from '../../src/sys/check.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'

const netns = ensureNetns()
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups']

function doctor(...before: string[]): { status: number | null, answer: { ok: boolean, checks: Check[] }, stderr: string } {
  const [program, ...args] = [...before, process.execPath, MAIN, 'doctor', '-o', 'json']
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return { status, answer: JSON.parse(stdout), stderr }
}

test('with the rights it says that tap works, exit 0', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { status, answer, stderr } = doctor()
  assert.deepEqual([status, answer.ok, stderr], [0, true, ''])
  assert.equal(answer.checks.find((c) => c.name === 'packet-ring')?.state, 'ok')
})

test('without them it names each, with the fix, exit 3', (t) => {
  const possible = spawnSync('setpriv', [...NOBODY, process.execPath, '--eval', ''], { stdio: 'ignore' }).status === 0
  if (!need(t, 'netns', netns && possible, 'the right to become another user who may read this checkout')) return
  const { status, answer } = doctor('setpriv', ...NOBODY)
  assert.deepEqual([status, answer.ok], [3, false])
  for (const name of ['cap-net-raw', 'cap-sys-admin', 'packet-ring', 'enter-namespace']) {
    const check = answer.checks.find((c) => c.name === name)
    assert.equal(check?.state, 'failed', name)
    assert.match(check?.fix ?? '', /sudo/)
  }
})
