import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need } from '../require.ts'
import { DemoRun, MAIN, missingForDemo, readTraces, usedNetworks } from './demo.fixture.ts'

const FIRST_REQUEST = /web +→ cart/
const COMMAND = [process.execPath, MAIN, 'demo']
/** The same on a terminal of its own. `exec`: a shell that stays (dash) dies of the Ctrl-C that the demo handles. */
const ON_TERMINAL = ['script', '-qefc', `exec ${COMMAND.join(' ')}`, '/dev/null']

interface Ending { name: string, command: string[], end(run: DemoRun): void, exit?: number }

const ENDINGS: Ending[] = [
  { name: 'Ctrl-C on the terminal', command: ON_TERMINAL, exit: 0, end: (run) => void run.child.stdin!.write('\x03') },
  { name: 'a terminal that is closed', command: ON_TERMINAL, end: (run) => void run.child.kill('SIGKILL') },
  { name: 'SIGINT', command: COMMAND, exit: 0, end: (run) => process.kill(run.outer(), 'SIGINT') },
  { name: 'SIGTERM', command: COMMAND, exit: 0, end: (run) => process.kill(run.outer(), 'SIGTERM') },
  { name: 'SIGHUP', command: COMMAND, exit: 0, end: (run) => process.kill(run.outer(), 'SIGHUP') },
  { name: 'SIGKILL', command: COMMAND, end: (run) => process.kill(run.outer(), 'SIGKILL') },
  { name: 'SIGKILL while its world stands still', command: COMMAND, end: (run) => {
    process.kill(run.inner(), 'SIGSTOP')
    process.kill(run.outer(), 'SIGKILL')
  } },
  { name: 'SIGKILL of its world', command: COMMAND, exit: 1, end: (run) => process.kill(run.inner(), 'SIGKILL') },
  { name: 'a sidecar that dies', command: COMMAND, exit: 1, end: (run) => {
    process.kill(run.processes().find((p) => p.command.startsWith('mtlscope-sidecar'))!.pid, 'SIGKILL')
  } },
  { name: 'a reader of its output that goes', command: COMMAND, end: (run) => void run.child.stdout!.destroy() },
]

for (const { name, command, end, exit } of ENDINGS) {
  test(`${name} leaves no process, namespace, link, mount or file of the demo behind`, async (t) => {
    if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
    const before = readTraces()
    const run = new DemoRun(command, 'pipe')
    t.after(() => run.kill())
    await run.said(FIRST_REQUEST)
    const networks = run.networks()
    assert.equal(networks.size, 5, 'one for each service, and one for the bridge between them')
    end(run)
    await run.gone()
    const code = await run.exited
    if (exit !== undefined) assert.equal(code, exit, run.stderr)
    assert.deepEqual(await usedNetworks(networks), [])
    assert.deepEqual(readTraces(), before)
  })
}

test('an end while the world is being made leaves nothing behind either', async (t) => {
  if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
  const before = readTraces()
  for (const afterMs of [60, 150, 250, 350, 500]) {
    const run = new DemoRun(COMMAND)
    t.after(() => run.kill())
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    run.child.kill('SIGINT')
    await run.gone()
  }
  assert.deepEqual(readTraces(), before)
})
