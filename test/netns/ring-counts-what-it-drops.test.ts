import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRing } from '../../src/sys/packet-ring.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, flushQuiet, inside } from './frames-seen.ts'
import { addNamespace } from './namespace.ts'

const netns = ensureNetns()

test('a full ring drops, counts it, and goes on when it is read', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'drop')
  const ring = inside(namespace, () => openRing({ ifindex: 1, blockSizeBytes: 4096, blockCount: 2 }))
  t.after(() => ring.close())
  const flood = (): string => namespace.run('bash', '-c', 'for i in {1..200}; do printf %0512d "$i" > /dev/udp/127.0.0.1/9; done 2> /dev/null; true')
  flood()
  const before = ring.statistics()
  assert.ok(before.dropped > 0 && before.freezes > 0, JSON.stringify(before))
  const seen = new FramesSeen()
  ring.walk(seen)
  const kept = seen.frames.length
  assert.ok(kept > 0)
  namespace.run('bash', '-c', 'printf after > /dev/udp/127.0.0.1/9; true')
  flushQuiet(ring, seen)
  assert.equal(seen.holding('after'), 2, 'the datagram, and the answer that nobody listens')
  const after = ring.statistics()
  assert.equal(after.packets, after.dropped + seen.frames.length)
  ring.close()
  assert.deepEqual(ring.statistics(), after, 'the counts outlive the ring')
  assert.equal(ring.walk(seen), 0)
})
