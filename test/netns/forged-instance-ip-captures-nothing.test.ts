import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { MeshFollower } from '../../src/mesh/follow.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()

/** A program whose executable is really named envoy; what it does is sleep. */
async function startEnvoy(t: TestContext, namespace: TestNamespace, env: Record<string, string>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-envoy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  copyFileSync('/bin/sleep', join(folder, 'envoy'))
  const process_ = spawn('nsenter', [`--net=${namespace.path}`, '--', join(folder, 'envoy'), '600'], { env, stdio: 'ignore' })
  t.after(async () => {
    process_.kill('SIGKILL')
    if (process_.exitCode === null && process_.signalCode === null) await once(process_, 'exit')
  })
  await once(process_, 'spawn')
  return process_.pid!
}

/** Until both run: nsenter needs a moment before it executes what is named envoy. */
async function untilFound(names: string[]): Promise<void> {
  const follower = new MeshFollower({ procfs: '/proc', exes: [] })
  const missing = new Set(names)
  for (let n = 0; n < 3000; n++) {
    for (const { name } of follower.poll().found) missing.delete(name)
    if (missing.size === 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not found within a minute: ${[...missing].join(', ')}`)
}

/** Of these: whatever else runs on this machine may have the same addresses. */
function pollNames(follower: MeshFollower, key: 'found' | 'gone', names: readonly string[]): string[] {
  return [1, 2, 3, 4].flatMap(() => follower.poll()[key].map(({ name }) => name)).filter((name) => names.includes(name))
}

test('a process with a forged INSTANCE_IP in another namespace captures nothing of it', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [victim, forger] = [addNamespace(t, 'victim'), addNamespace(t, 'forger')]
  joinNamespaces(victim, forger)
  const honest = await startEnvoy(t, victim, { INSTANCE_IP: '10.99.0.1', POD_NAME: 'victim' })
  const forged = await startEnvoy(t, forger, { INSTANCE_IP: '10.99.0.1', POD_NAME: 'victim-too' })

  await untilFound(['victim', 'victim-too'])

  for (const ip of ['10.99.0.1', 'fd99::1']) {
    const follower = new MeshFollower({ procfs: '/proc', exes: [], ips: [ip] })
    assert.deepEqual(pollNames(follower, 'found', ['victim', 'victim-too']), ['victim'])
    const namespace = [...follower.namespaces.values()].find(({ name }) => name === 'victim')
    assert.equal(namespace!.path, `/proc/${honest}/ns/net`)
    assert.ok(!namespace!.proxies.some(({ pid }) => pid === forged))
    assert.ok(follower.status().notMatched.some(({ name, addresses }) => name === 'victim-too' && addresses.includes('10.99.0.2')))
  }
})

test('an address that its namespace gets later is what decides, and so is one that it loses', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'moving')
  await startEnvoy(t, namespace, { POD_NAME: 'moving' })
  await untilFound(['moving'])
  const follower = new MeshFollower({ procfs: '/proc', exes: [], ips: ['10.98.0.7'] })
  assert.deepEqual(pollNames(follower, 'found', ['moving']), [])
  namespace.run('ip', 'addr', 'add', '10.98.0.7/32', 'dev', 'lo')
  assert.deepEqual(pollNames(follower, 'found', ['moving']), ['moving'])
  namespace.run('ip', 'addr', 'del', '10.98.0.7/32', 'dev', 'lo')
  assert.deepEqual(pollNames(follower, 'gone', ['moving']), ['moving'])
})
