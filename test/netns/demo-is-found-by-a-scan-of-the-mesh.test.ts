import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeshFollower } from '../../src/mesh/follow.ts'
import { need } from '../require.ts'
import { DemoRun, MAIN, missingForDemo } from './demo.fixture.ts'

test('a scan from outside finds the three sidecars of the demo, by name and address', async (t) => {
  if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')) return
  const run = new DemoRun([process.execPath, MAIN, 'demo'])
  t.after(() => run.kill())
  await run.said(/web +→ cart/)
  const own = new Set(run.processes().map((p) => p.pid))
  const follower = new MeshFollower({ procfs: '/proc', exes: [] })
  const found = follower.poll().found.filter((n) => n.proxies.some((proxy) => own.has(proxy.pid)))
  const seen = found.map((n) => `${n.name} ${n.capture} ${n.addresses.find((ip) => ip.startsWith('10.77.'))}`)
  assert.deepEqual(seen.toSorted(), ['cart sidecar 10.77.0.2', 'stock sidecar 10.77.0.3', 'web sidecar 10.77.0.1'])
  process.kill(run.outer(), 'SIGTERM')
  await run.gone()
})
