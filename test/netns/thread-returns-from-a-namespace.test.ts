import assert from 'node:assert/strict'
import { closeSync } from 'node:fs'
import { test } from 'node:test'
import { listAddresses, listInterfaces } from '../../src/sys/interfaces.ts'
import { netnsInode, openNetns, withNetns } from '../../src/sys/netns.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { inside } from './frames-seen.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()
const here = (): number => netnsInode('/proc/thread-self/ns/net')

test('the thread is inside during the call, and back after it and after an error', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'enter')
  const home = here()
  const fd = openNetns(namespace.path)
  t.after(() => closeSync(fd))
  assert.equal(withNetns(fd, here), netnsInode(namespace.path))
  assert.equal(here(), home)
  assert.throws(() => withNetns(fd, () => { throw new Error('inside') }), /inside/)
  assert.equal(here(), home)
  assert.throws(() => withNetns(fd, async () => {}), TypeError)
  assert.equal(withNetns(fd, () => withNetns(fd, here)), netnsInode(namespace.path))
  assert.equal(here(), home)
})

test('a namespace stays open when its name is gone', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'gone')
  const fd = openNetns(namespace.path)
  t.after(() => closeSync(fd))
  const inode = netnsInode(namespace.path)
  assert.equal(withNetns(fd, here), inode)
})

test('interfaces and addresses are those of the namespace', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [a, b] = [addNamespace(t, 'a'), addNamespace(t, 'b')]
  joinNamespaces(a, b)
  a.run('ip', 'link', 'add', 'extra', 'type', 'bridge')
  const [interfaces, addresses] = inside(a, () => [listInterfaces(), listAddresses()] as const)
  assert.deepEqual(interfaces.map(({ name, hardwareType, up, loopback }) => ({ name, hardwareType, up, loopback })), [
    { name: 'lo', hardwareType: 772, up: true, loopback: true },
    { name: 'veth0', hardwareType: 1, up: true, loopback: false },
    { name: 'extra', hardwareType: 1, up: false, loopback: false },
  ])
  const veth = interfaces[1].index
  const configured = addresses.filter(({ ip }) => !ip.startsWith('fe80')).map(({ ifindex, ip, prefix }) => `${ifindex} ${ip}/${prefix}`)
  assert.deepEqual(configured.sort(), ['1 127.0.0.1/8', '1 ::1/128', `${veth} 10.99.0.1/24`, `${veth} fd99::1/64`].sort())
})
