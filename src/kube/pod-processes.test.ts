import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { FakeProcfs } from '../mesh/procfs.fixture.ts'
import { PodScan } from './pod-processes.ts'

const uid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`
/** Enough that nothing is young any more. */
const LATER_SCANS = 20
/** Within so many scans everything was looked at. */
const ALL_SCANS = 8

function procfs(t: TestContext): FakeProcfs {
  const fake = new FakeProcfs()
  t.after(() => fake.close())
  return fake.add(1, { netns: 1 })
}

function addInPod(fake: FakeProcfs, pid: number, n: number, netns: number, startTicks = 100): void {
  fake.add(pid, { netns, startTicks })
  fake.write(`${pid}/cgroup`, `0::/kubepods/besteffort/pod${uid(n)}/${'a'.repeat(64)}\n`)
}

/** Without what the namespaces are numbered by. */
function pods(scan: PodScan): [string, { inode: number, pids: readonly number[] }][] {
  return [...scan.scan()].map(([pod, { inode, pids }]) => [pod, { inode, pids }])
}

test('who comes and who goes is seen by the next scan, however long the others have been there', (t) => {
  const fake = procfs(t)
  addInPod(fake, 100, 1, 11)
  addInPod(fake, 101, 1, 11)
  const scan = new PodScan(fake.folder)
  for (let n = 0; n < LATER_SCANS; n++) assert.deepEqual(pods(scan), [[uid(1), { inode: 11, pids: [100, 101] }]])
  addInPod(fake, 200, 2, 12)
  fake.remove(101)
  assert.deepEqual(pods(scan), [[uid(1), { inode: 11, pids: [100] }], [uid(2), { inode: 12, pids: [200] }]])
  fake.remove(100)
  assert.deepEqual(pods(scan), [[uid(2), { inode: 12, pids: [200] }]])
})

test('a process that is moved into its cgroup a moment after it was started', (t) => {
  const fake = procfs(t)
  fake.add(100, { netns: 11 })
  fake.write('100/cgroup', '0::/system.slice/containerd.service\n')
  const scan = new PodScan(fake.folder)
  assert.equal(scan.scan().size, 0)
  addInPod(fake, 100, 1, 11)
  assert.deepEqual([...scan.scan().keys()], [uid(1)])
})

test('a number that went to a process of another pod between two scans, and a namespace that was left', (t) => {
  const fake = procfs(t)
  for (const pid of [100, 101]) addInPod(fake, pid, pid - 99, pid)
  const scan = new PodScan(fake.folder)
  for (let n = 0; n < LATER_SCANS; n++) scan.scan()
  addInPod(fake, 100, 3, 13, 200)
  fake.link('101/ns/net', 'net:[102]')
  for (let n = 1; n < ALL_SCANS; n++) scan.scan()
  assert.deepEqual(pods(scan), [[uid(3), { inode: 13, pids: [100] }], [uid(2), { inode: 102, pids: [101] }]])
})

test('a namespace has its number as long as one of its processes lives, and no other has it: not one with the same inode', (t) => {
  const fake = procfs(t)
  addInPod(fake, 100, 1, 11)
  addInPod(fake, 101, 1, 11)
  const scan = new PodScan(fake.folder)
  const sandboxes = (): (number | undefined)[] => {
    const found = scan.scan()
    return [1, 2].map((n) => found.get(uid(n))?.sandbox)
  }
  const [first] = sandboxes()
  assert.ok(first !== undefined)
  // The sandbox's own process ends, one of the app lives on, and another comes.
  fake.remove(100)
  addInPod(fake, 102, 1, 11)
  assert.deepEqual(sandboxes(), [first, undefined])
  fake.remove(101)
  assert.deepEqual(sandboxes(), [first, undefined])
  // All of it is made anew: the kernel had that inode to give, and even a number of a process.
  addInPod(fake, 102, 1, 11, 500)
  const [second] = sandboxes()
  assert.notEqual(second, first)
  // Another pod gets the inode.
  fake.remove(102)
  addInPod(fake, 103, 2, 11)
  const [none, third] = sandboxes()
  assert.equal(none, undefined)
  assert.ok(third !== undefined && ![first, second].includes(third))
  // And a pod that is back after nobody was there is not what it was.
  addInPod(fake, 102, 1, 11, 500)
  const [fourth, stays] = sandboxes()
  assert.equal(new Set([first, second, third, fourth]).size, 4)
  assert.equal(stays, third)
})
