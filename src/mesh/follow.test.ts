import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { need } from '../../test/require.ts'
import type { Changes, FollowOptions } from './follow.ts'
import { MeshFollower } from './follow.ts'
import { FakeProcfs } from './procfs.fixture.ts'

function mesh(t: TestContext, options: Partial<FollowOptions> = {}): { procfs: FakeProcfs, follower: MeshFollower } {
  const procfs = new FakeProcfs()
  t.after(() => procfs.close())
  procfs.add(1, { exe: '/sbin/init', netns: 1 })
  return { procfs, follower: new MeshFollower({ procfs: procfs.folder, exes: [], ...options }) }
}

function names(changes: Changes): { found: string[], gone: string[] } {
  return { found: changes.found.map((n) => n.name), gone: changes.gone.map((n) => n.name) }
}

function pollUntil(follower: MeshFollower, polls: number): Changes {
  const all: Changes = { found: [], gone: [], changed: [], refused: [] }
  for (let n = 0; n < polls; n++) {
    const changes = follower.poll()
    for (const key of ['found', 'gone', 'changed'] as const) all[key].push(...changes[key])
    all.refused.push(...changes.refused)
  }
  return all
}

const NOTHING = { found: [], gone: [] }

test('one namespace however many proxies share it, named by the pod', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/usr/local/bin/envoy', netns: 7, ips: ['10.0.0.7'], environ: 'POD_NAME=web-1\0POD_NAMESPACE=shop\0' })
  procfs.add(11, { exe: '/usr/bin/haproxy', netns: 7, ips: ['10.0.0.7'] })
  procfs.add(12, { exe: '/usr/bin/envoy-fake-helper', netns: 8 })
  const { found } = follower.poll()
  assert.equal(found.length, 1)
  const [web] = found
  assert.equal(web!.name, 'web-1.shop')
  assert.equal(web!.capture, 'envoy')
  assert.equal(web!.path, `${procfs.folder}/10/ns/net`)
  assert.deepEqual(web!.addresses, ['127.0.0.1', '10.0.0.7'])
  assert.deepEqual(web!.proxies.map((p) => [p.pid, p.kind, p.startTicks]), [[10, 'envoy', 100], [11, 'haproxy', 100]])
  assert.equal(web!.isHost, false)
  assert.deepEqual(names(follower.poll()), NOTHING)
  assert.deepEqual([...follower.namespaces.keys()], [7])
  assert.deepEqual(follower.status(), { processesSeen: 4, processesUnreadable: 0, proxiesFound: 2, namespaces: 1, notMatched: [] })
})

test('the path moves to a proxy that lives when the first one leaves', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/envoy', netns: 7 }).add(11, { exe: '/envoy', netns: 7 })
  const [namespace] = follower.poll().found
  procfs.remove(10)
  const changes = follower.poll()
  assert.deepEqual(names(changes), NOTHING)
  assert.deepEqual(changes.changed, [namespace])
  assert.equal(namespace!.path, `${procfs.folder}/11/ns/net`)
})

test('a proxy that restarts within a poll is not two namespaces', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/envoy', netns: 7 })
  follower.poll()
  procfs.remove(10)
  assert.deepEqual(names(follower.poll()), NOTHING)
  procfs.add(20, { exe: '/envoy', netns: 7, startTicks: 200 })
  assert.deepEqual(names(pollUntil(follower, 5)), NOTHING)
  assert.equal(follower.namespaces.get(7)?.path, `${procfs.folder}/20/ns/net`)
})

test('a namespace without a proxy for two polls is let go, and found again', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/envoy', netns: 7 })
  follower.poll()
  procfs.remove(10)
  assert.deepEqual(names(follower.poll()), NOTHING)
  assert.deepEqual(names(follower.poll()), { found: [], gone: ['pid-10'] })
  assert.equal(follower.namespaces.size, 0)
  assert.deepEqual(names(follower.poll()), NOTHING)
  procfs.add(30, { exe: '/envoy', netns: 7 })
  assert.deepEqual(names(follower.poll()), { found: ['pid-30'], gone: [] })
})

test('a process that executes a proxy, or stops being one, is noticed within a second', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/bin/sh', netns: 7 }).add(11, { exe: '/envoy', netns: 8 })
  pollUntil(follower, 30)
  procfs.link('10/exe', '/usr/local/bin/envoy')
  procfs.link('11/exe', '/bin/sh')
  const first = pollUntil(follower, 2)
  assert.deepEqual(first.found.map((n) => n.inode), [7])
  assert.deepEqual([...first.gone, ...pollUntil(follower, 1).gone].map((n) => n.inode), [8])
})

test('a pid that was given to another process is another proxy', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/envoy', netns: 7, startTicks: 100, environ: 'POD_NAME=old\0' })
  follower.poll()
  procfs.add(10, { exe: '/envoy', netns: 8, startTicks: 900, environ: 'POD_NAME=new\0' })
  const { found, gone } = pollUntil(follower, 4)
  assert.deepEqual(found.map((n) => [n.inode, n.name, n.proxies[0]?.startTicks]), [[8, 'new', 900]])
  assert.deepEqual(gone.map((n) => n.inode), [7])
})

test('the same place and another process of that number has its own name', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.add(10, { exe: '/envoy', netns: 7, startTicks: 100, environ: 'POD_NAME=old\0' })
  const [namespace] = follower.poll().found
  procfs.add(10, { exe: '/envoy', netns: 7, startTicks: 900, environ: 'POD_NAME=new\0' })
  assert.deepEqual(pollUntil(follower, 2).changed, [namespace])
  assert.equal(namespace!.name, 'new')
})

test('only configured addresses decide, whatever the environment says', (t) => {
  const { procfs, follower } = mesh(t, { ips: ['10.0.0.7'] })
  procfs.add(10, { exe: '/envoy', netns: 7, ips: ['10.0.0.7'], environ: 'POD_NAME=web\0INSTANCE_IP=10.0.0.7\0' })
  procfs.add(11, { exe: '/envoy', netns: 8, ips: ['10.0.0.8'], environ: 'POD_NAME=forger\0INSTANCE_IP=10.0.0.7\0' })
  assert.deepEqual(names(pollUntil(follower, 3)), { found: ['web'], gone: [] })
  assert.deepEqual(follower.status().notMatched, [{ name: 'forger', addresses: ['127.0.0.1', '10.0.0.8'] }])
})

test('an address that comes later brings its namespace, one that goes takes it away', (t) => {
  const { procfs, follower } = mesh(t, { ips: ['10.0.0.7'] })
  procfs.add(10, { exe: '/envoy', netns: 7 })
  assert.deepEqual(names(pollUntil(follower, 2)), NOTHING)
  procfs.setAddresses(10, ['10.0.0.7'])
  assert.deepEqual(names(pollUntil(follower, 2)), { found: ['pid-10'], gone: [] })
  procfs.setAddresses(10, ['10.0.0.9'])
  assert.deepEqual(names(pollUntil(follower, 2)), { found: [], gone: ['pid-10'] })
})

test('addresses asked for are compared by value and not by text', (t) => {
  const { procfs, follower } = mesh(t, { ips: ['FD00:0::7'] })
  procfs.add(10, { exe: '/envoy', netns: 7 })
  procfs.write('10/net/if_inet6', 'fd000000000000000000000000000007 04 40 00 82     eth0\n')
  assert.equal(follower.poll().found.length, 1)
})

test('an address that means nothing here is refused', (t) => {
  const { procfs } = mesh(t)
  for (const ip of ['10.0.0', 'web', '127.0.0.1', '::1', '']) {
    assert.throws(() => new MeshFollower({ procfs: procfs.folder, exes: [], ips: [ip] }), { code: 'bad-filter' })
  }
})

test('the namespace of the machine itself is told apart', (t) => {
  const { procfs, follower } = mesh(t)
  procfs.write('sys/kernel/hostname', 'node-1\n')
  procfs.add(10, { exe: '/usr/bin/haproxy', netns: 1, environ: 'POD_NAME=lb\0' })
  const [host] = follower.poll().found
  assert.deepEqual([host!.isHost, host!.name, host!.capture], [true, 'node-1', 'sidecar'])
})

test('a sidecar on node is found when it has given itself its title; this program is none', (t) => {
  const { procfs } = mesh(t)
  procfs.link('self', '11')
  const follower = new MeshFollower({ procfs: procfs.folder, exes: ['node'] })
  procfs.add(10, { exe: '/usr/bin/node', netns: 7, args: ['node', '/x/src/proxy/sidecar.ts', 'web.json'] })
  procfs.add(11, { exe: '/usr/bin/node', netns: 1, args: ['node', '/x/mtlscope', 'tap', '--exe', 'node'] })
  assert.deepEqual(follower.poll().found.map((n) => n.proxies[0]!.kind), ['other'])
  procfs.write('10/cmdline', 'mtlscope-sidecar\0\0\0')
  const { changed } = pollUntil(follower, 2)
  assert.deepEqual(changed.map((n) => n.proxies[0]!.kind), ['mtlscope'])
  assert.deepEqual([...follower.namespaces.keys()], [7])
})

test('hostile processes: dangling links, missing files, huge and broken environments', (t) => {
  const { procfs, follower } = mesh(t)
  // A kernel thread: no executable. One that vanished between the listing and the look: an empty folder.
  procfs.add(2, { netns: 1 })
  mkdirSync(join(procfs.folder, '3'))
  // What is listed as a process and is a file, or a link to nowhere.
  procfs.write('4', 'not a folder')
  symlinkSync('nowhere', join(procfs.folder, '5'))
  procfs.add(10, { exe: '/envoy', netns: 7, environ: Buffer.concat([Buffer.from('POD_NAME=big\0'), Buffer.alloc(10 << 20, 0x41)]) })
  procfs.add(11, { exe: '/envoy', netns: 8, environ: Buffer.from('504f445f4e414d453d1b5b326aff00', 'hex') })
  procfs.add(12, { exe: '/envoy', netns: 9 })
  procfs.link('13/exe', '/envoy')
  procfs.link('12/ns/net', 'mnt:[9]')
  const { found, refused } = follower.poll()
  assert.deepEqual(found.map((n) => n.name), ['big', '[2j\ufffd'])
  assert.deepEqual(refused, [])
  assert.deepEqual(names(pollUntil(follower, 20)), NOTHING)
})

test('a proxy of another user is told once, with what is missing, and other processes are not', async (t) => {
  if (!need(t, 'netns', process.getuid!() === 0, 'root, to look as somebody else')) return
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-envoy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  copyFileSync('/bin/sleep', join(folder, 'envoy'))
  const envoy = spawn(join(folder, 'envoy'), ['60'])
  t.after(() => envoy.kill())
  await once(envoy, 'spawn')

  const refused = asNobody(() => pollUntil(new MeshFollower({ procfs: '/proc', exes: [] }), 40).refused)
  const [first, ...others] = refused.filter(({ pid }) => pid === envoy.pid)
  assert.deepEqual([first?.exe, first?.why, others], ['envoy', 'EACCES: cannot read its executable', []])
  assert.match(first!.hint!, /CAP_SYS_PTRACE/)
  assert.ok(!refused.some(({ pid }) => pid === 1))
})

test('a namespace that may not be looked at is told once', (t) => {
  if (!need(t, 'netns', process.getuid!() === 0, 'root, to look as somebody else')) return
  const { procfs, follower } = mesh(t)
  procfs.add(11, { exe: '/envoy', netns: 7 })
  // Whatever the umask is.
  execFileSync('chmod', ['-R', 'a+rX', procfs.folder])
  chmodSync(join(procfs.folder, '11/ns'), 0)
  const { refused } = asNobody(() => pollUntil(follower, 40))
  assert.deepEqual(refused.map(({ pid, exe, why }) => [pid, exe, why]), [[11, '/envoy', 'EACCES: cannot read its network namespace']])
})

/** Root may read everything. */
function asNobody<T>(fn: () => T): T {
  process.seteuid!(65534)
  try {
    return fn()
  } finally {
    process.seteuid!(0)
  }
}

test('a folder that is no procfs says so', () => {
  assert.throws(() => new MeshFollower({ procfs: '/nonexistent', exes: [] }).poll(), { code: 'cannot-read', message: /cannot list the processes of \/nonexistent: ENOENT/ })
})

test('among many processes, in a folder that is written with a slash', (t) => {
  const { procfs } = mesh(t)
  for (let pid = 100; pid < 300; pid++) procfs.link(`${pid}/exe`, '/bin/sleep')
  procfs.add(5000, { exe: '/envoy', netns: 7 })
  const follower = new MeshFollower({ procfs: `${procfs.folder}/`, exes: [] })
  assert.equal(follower.poll().found[0]?.path, `${procfs.folder}/5000/ns/net`)
  assert.equal(follower.status().processesSeen, 202)
})
