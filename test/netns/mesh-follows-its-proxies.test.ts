import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
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
import { addNamespace } from './namespace.ts'

const netns = ensureNetns()
const SIDECAR = `process.title = 'mtlscope-sidecar'; setTimeout(() => {}, 600000)`

function follow(namespace: TestNamespace, t: TestContext, program: string, ...args: string[]): ChildProcess {
  const child = spawn('nsenter', [`--net=${namespace.path}`, '--', program, ...args], { env: { PATH: process.env.PATH }, stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Polls every 20 ms until `done`; what happened on the way. Other tests have proxies in other namespaces. */
async function pollUntil(follower: MeshFollower, done: () => boolean): Promise<string[]> {
  const events: string[] = []
  for (let n = 0; n < 3000; n++) {
    const { found, gone } = follower.poll()
    events.push(...found.map(({ name }) => `found ${name}`), ...gone.map(({ name }) => `gone ${name}`))
    if (done()) return events
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`did not come to be within a minute; seen: ${events.join(', ')}`)
}

test('namespaces come with their first proxy and go with their last, by the name that ip netns gave', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-proxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const proxy = join(folder, `relay-${process.pid}`)
  copyFileSync('/bin/sleep', proxy)
  const namespace = addNamespace(t, 'follow')
  const follower = new MeshFollower({ procfs: '/proc', exes: [proxy] })
  const isOurs = (): boolean => [...follower.namespaces.values()].some(({ name }) => name === namespace.name)
  const oursUntil = async (done: () => boolean): Promise<string[]> => (await pollUntil(follower, done)).filter((event) => event.endsWith(` ${namespace.name}`))

  const first = follow(namespace, t, proxy, '600')
  assert.deepEqual(await oursUntil(isOurs), [`found ${namespace.name}`])
  const second = follow(namespace, t, proxy, '600')
  const ours = [...follower.namespaces.values()].find(({ name }) => name === namespace.name)!
  assert.deepEqual(await oursUntil(() => ours.proxies.length === 2), [])
  await end(first)
  assert.deepEqual(await oursUntil(() => ours.proxies.length === 1), [])
  assert.equal(ours.path, `/proc/${second.pid}/ns/net`)
  await end(second)
  assert.deepEqual(await oursUntil(() => !isOurs()), [`gone ${namespace.name}`])
})

test('a sidecar that runs on node is a proxy of kind mtlscope, and this process is none', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'titled')
  const follower = new MeshFollower({ procfs: '/proc', exes: [] })
  const sidecar = follow(namespace, t, process.execPath, '-e', SIDECAR)
  const find = (): boolean => [...follower.namespaces.values()].some(({ proxies }) => proxies.some(({ pid }) => pid === sidecar.pid))
  await pollUntil(follower, find)
  const found = [...follower.namespaces.values()].find(({ name }) => name === namespace.name)!
  assert.deepEqual(found.proxies.map(({ pid, kind }) => [pid, kind]), [[sidecar.pid, 'mtlscope']])
  assert.equal(found.capture, 'sidecar')
  assert.ok([...follower.namespaces.values()].every(({ proxies }) => proxies.every(({ pid }) => pid !== process.pid)))
})

test('a namespace that comes right after another is gone is another one, although the kernel gives numbers anew', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-proxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const proxy = join(folder, `reuse-${process.pid}`)
  copyFileSync('/bin/sleep', proxy)
  const follower = new MeshFollower({ procfs: '/proc', exes: [proxy] })
  t.after(() => follower.close())
  const ours = (): { inode: number, pids: number[] }[] => [...follower.namespaces.values()]
    .map(({ inode, proxies }) => ({ inode, pids: proxies.filter(({ exe }) => exe === proxy).map(({ pid }) => pid) })).filter(({ pids }) => pids.length > 0)
  const seen: string[] = []
  for (let round = 0; round < 8; round++) {
    // Its first process brings the namespace, and its last one takes it away.
    const child = spawn('unshare', ['--net', '--', proxy, '600'], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    const events = await pollUntil(follower, () => ours().some(({ pids }) => pids.includes(child.pid!)))
    seen.push(...events.filter((event) => event.startsWith('found') && event.includes(`${child.pid}`)))
    await end(child)
    // The kernel takes it apart some time later.
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  assert.equal(seen.length, 8, seen.join(', '))
})
