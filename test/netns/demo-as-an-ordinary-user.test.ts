import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { need } from '../require.ts'
import { DemoRun, MAIN, missingForDemo, readTraces } from './demo.fixture.ts'

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
const root = process.geteuid?.() === 0
const user = root ? NOBODY : []

/** What keeps an ordinary user from it here; undefined where nothing does. */
function missing(): string | undefined {
  if (missingForDemo() !== undefined) return missingForDemo()
  const [program = 'test', ...args] = [...user, process.execPath, MAIN, '--version']
  if (spawnSync(program, args).status !== 0) return 'a checkout that an ordinary user can read'
  const [unshare = '', ...flags] = [...user, 'unshare', '--user', '--map-root-user', '--net', 'true']
  return spawnSync(unshare, flags).status === 0 ? undefined : 'user namespaces for ordinary users'
}

test('an ordinary user sees the same demo, and nothing is left behind', async (t) => {
  if (!need(t, 'netns', missing() === undefined, missing() ?? '')) return
  const before = readTraces()
  const run = new DemoRun([...user, process.execPath, MAIN, 'demo', '-c', '12'])
  t.after(() => run.kill())
  assert.equal(await run.exited, 0, run.stderr)
  await run.gone()
  assert.match(run.stdout, /web +→ cart .* ●═● mTLS +TLS 1\.3/)
  assert.match(run.stdout, /web +→ ads .* ─── CLEAR on the wire/)
  assert.match(run.stdout, /dropped 0 · 3 namespaces/)
  assert.deepEqual(readTraces(), before)
})

test('killed from outside, an ordinary user\'s demo leaves nothing behind either', async (t) => {
  if (!need(t, 'netns', missing() === undefined, missing() ?? '')) return
  const run = new DemoRun([...user, process.execPath, MAIN, 'demo'])
  t.after(() => run.kill())
  await run.said(/(web|cart) +→ (cart|stock|ads)/)
  process.kill(run.inner(), 'SIGSTOP')
  process.kill(run.outer(), 'SIGKILL')
  await run.gone()
})

test('where namespaces are forbidden it ends with 3 and says whom to ask', (t) => {
  if (!need(t, 'netns', missing() === undefined, missing() ?? '')) return
  // In a user namespace that may hold no further ones, a process without rights is as forbidden as it gets.
  const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$@"'
  const { status, stderr } = spawnSync('unshare', ['--user', '--map-root-user', 'sh', '-c', script, 'sh', process.execPath, MAIN, 'demo', '-c', '1'], { encoding: 'utf8' })
  assert.equal(status, 3, stderr)
  assert.match(stderr, /^mtlscope: error: cannot make namespaces for the demo: /)
  assert.match(stderr, /^mtlscope: hint: .*mtlscope doctor$/m)
})
