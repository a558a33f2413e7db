import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findOwners, readListeners, readMembers } from './listeners.ts'
import { FakeProcfs } from './procfs.fixture.ts'

const HEAD = '  sl  local_address rem_address   st\n'

function line(port: number, inode: number): string {
  return `   0: 00000000:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1\n`
}

test('only processes of that namespace are asked; pid 1 is the last to be believed', (t) => {
  const procfs = new FakeProcfs()
  t.after(() => procfs.close())
  procfs.add(1, { exe: '/sbin/init', netns: 7, comm: 'init' }).add(10, { exe: '/usr/sbin/nginx', netns: 7, comm: 'nginx' })
  procfs.add(9, { exe: '/bin/other', netns: 8, comm: 'other' }).add(11, { exe: '/usr/bin/a-long-program-name', netns: 7, comm: 'a-long-program-' })
  procfs.write('10/net/tcp', HEAD + line(80, 500) + line(81, 501) + line(82, 502) + line(83, 0))
  for (const [pid, inode] of [[1, 500], [9, 500], [10, 500], [11, 501], [9, 502]]) procfs.link(`${pid}/fd/3`, `socket:[${inode}]`)
  procfs.link('10/fd/4', '/dev/null')
  assert.deepEqual([...readListeners(procfs.folder, 10)], [[80, { pid: 10, comm: 'nginx' }], [81, { pid: 11, comm: 'a-long-program-name' }]])
})

test('a title cannot steer a terminal', (t) => {
  const procfs = new FakeProcfs().add(10, { exe: '/usr/bin/x', netns: 7, comm: '\x1b[2Jcart' })
  t.after(() => procfs.close())
  procfs.write('10/net/tcp', HEAD + line(80, 500))
  procfs.link('10/fd/3', 'socket:[500]')
  assert.equal(readListeners(procfs.folder, 10).get(80)?.comm, '[2Jcart')
})

test('processes that cannot be looked into own nothing', (t) => {
  const procfs = new FakeProcfs().add(10, { netns: 7 })
  t.after(() => procfs.close())
  assert.deepEqual(findOwners(procfs.folder, [10, 11], new Set([500])), new Map())
})

test('one look at every process serves all namespaces', (t) => {
  const procfs = new FakeProcfs().add(1, { netns: 7 }).add(10, { netns: 7 }).add(9, { netns: 8 })
  t.after(() => procfs.close())
  assert.deepEqual([...readMembers(procfs.folder)].sort(), [[7, [10, 1]], [8, [9]]])
})
