import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findInterface } from '../../src/sys/interfaces.ts'
import { close, send } from '../../src/sys/libc.ts'
import { openRing } from '../../src/sys/packet-ring.ts'
import { bindPacketSocket, openPacketSocket } from '../../src/sys/packet-socket.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, flushQuiet, inside } from './frames-seen.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()

/** Broadcast, from a locally administered address, tag of VLAN 5 with priority 3, an experimental EtherType. */
const TAGGED = Buffer.from(`ffffffffffff 020000000001 8100 6005 88b5 ${'c0ffee'.repeat(20)}`.replaceAll(' ', ''), 'hex')

test('a frame with a VLAN tag arrives as it was sent, though the kernel takes the tag out', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [a, b] = [addNamespace(t, 'a'), addNamespace(t, 'b')]
  joinNamespaces(a, b)
  const ring = inside(b, () => openRing({ ifindex: 0, blockCount: 32 }))
  t.after(() => ring.close())
  inside(a, () => {
    const fd = openPacketSocket()
    bindPacketSocket(fd, findInterface('veth0').index)
    assert.equal(Number(send(fd, TAGGED, TAGGED.length, 0)), TAGGED.length)
    close(fd)
  })
  const seen = new FramesSeen()
  flushQuiet(ring, seen)
  const found = seen.frames.filter(({ bytes }) => Buffer.from(bytes).includes('c0ffee', 0, 'hex'))
  assert.deepEqual(found.map(({ bytes, wire }) => [Buffer.from(bytes).toString('hex'), wire]), [[TAGGED.toString('hex'), TAGGED.length]])
})
