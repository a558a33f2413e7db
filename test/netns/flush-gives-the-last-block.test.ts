import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRing } from '../../src/sys/packet-ring.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, inside, sendDatagrams, waitForPackets } from './frames-seen.ts'
import { addNamespace } from './namespace.ts'

const netns = ensureNetns()

test('what lies in the block in progress is handed over by flush, and nothing that comes later', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'flush')
  const ring = inside(namespace, () => openRing({ ifindex: 0, blockCount: 4, retireMs: 400 }))
  t.after(() => ring.close())
  sendDatagrams(namespace, '127.0.0.1', 9, ['one', 'two'])
  // Each with the answer that nobody listens.
  waitForPackets(ring, 4)
  const seen = new FramesSeen()
  assert.equal(ring.flush(seen), seen.frames.length)
  assert.deepEqual(['one', 'two'].map((text) => seen.frames.filter(({ bytes }) => bytes[23] === 17 && Buffer.from(bytes).includes(text)).length), [1, 1])
  sendDatagrams(namespace, '127.0.0.1', 9, ['three'])
  ring.flush(seen)
  assert.equal(seen.holding('three'), 0)
})

test('a frame that someone kept is zeroes after close, not the end of the process', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'kept')
  const ring = inside(namespace, () => openRing({ ifindex: 0, blockCount: 32 }))
  sendDatagrams(namespace, '127.0.0.1', 9, ['kept'])
  waitForPackets(ring, 1)
  let kept: Uint8Array = new Uint8Array(0)
  ring.flush({ frame: (buf, offset, captured) => { kept = buf.subarray(offset, offset + captured) } })
  assert.ok(kept.some((byte) => byte !== 0))
  ring.close()
  assert.ok(kept.length > 0 && kept.every((byte) => byte === 0))
})
