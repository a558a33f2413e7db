import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { need } from '../require.ts'
import { MAIN } from './tap-process.ts'

const NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all']
const isRoot = process.getuid?.() === 0

/** As a user without any capability; ordinary users are such already. */
function tapAsNobody(...args: string[]): { status: number | null, stdout: string, stderr: string } {
  const words = [process.execPath, MAIN, 'tap', ...args]
  const [program, argv] = isRoot ? ['setpriv', [...NOBODY, '--', ...words]] : [words[0]!, words.slice(1)]
  return spawnSync(program, argv, { encoding: 'utf8', timeout: 60_000 })
}

const canRun = tapAsNobody('--help').status === 0

test('without the right to open a ring: exit 3, the capability by name, and what to try', (t) => {
  if (!need(t, 'netns', canRun, 'a checkout that an ordinary user can read')) return
  const { status, stdout, stderr } = tapAsNobody('-i', 'lo')
  assert.equal(status, 3, stderr)
  assert.match(stderr, /^mtlscope: error: .*(?:EPERM|not permitted)/m)
  assert.match(stderr, /^mtlscope: hint: .*CAP_NET_RAW.*mtlscope doctor$/m)
  assert.ok(!/\n\s+at /.test(stderr), 'no stack trace')
  assert.ok(!stdout.includes('"protocol"'))
})

test("without the right to enter another's namespace: exit 3", (t) => {
  if (!need(t, 'netns', canRun, 'a checkout that an ordinary user can read')) return
  const { status, stderr } = tapAsNobody('--pid', '1')
  assert.equal(status, 3, stderr)
  assert.match(stderr, /^mtlscope: hint: .*CAP_SYS_(?:ADMIN|PTRACE)/m)
})
