import assert from 'node:assert/strict'
import { closeSync, readlinkSync } from 'node:fs'
import test from 'node:test'
import { need } from '../../test/require.ts'
import { readCapabilities } from './capabilities.ts'
import { makeNetns } from './netns.ts'
import { runInside } from './run-inside.ts'

test('a program runs in the namespace, and this one stays where it is', async (t) => {
  if (!need(t, 'netns', readCapabilities().has('CAP_SYS_ADMIN'), 'CAP_SYS_ADMIN')) return
  const fd = makeNetns()
  t.after(() => closeSync(fd))
  const path = `/proc/self/fd/${fd}`
  const [there, home] = [readlinkSync(path), readlinkSync('/proc/self/ns/net')]
  const results = await Promise.all([runInside(path, 'readlink', ['/proc/self/ns/net'], { timeoutMs: 30_000 }), runInside('/proc/self/ns/net', 'readlink', ['/proc/self/ns/net'], { timeoutMs: 30_000 })])
  assert.deepEqual(results.map(({ stdout }) => stdout.trim()), [there, home])
  assert.notEqual(there, home)
  assert.equal(readlinkSync('/proc/self/ns/net'), home)
})

test('what is not there is told', async () => {
  await assert.rejects(runInside('/run/netns/none-of-that-name', 'true', [], { timeoutMs: 1000 }), { code: 'no-such-namespace' })
})
