import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findInterface } from '../../src/sys/interfaces.ts'
import { openRing } from '../../src/sys/packet-ring.ts'
import { pollFds } from '../../src/sys/poll.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, inside, sendDatagrams } from './frames-seen.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()

test('a link that goes down does not keep poll from waiting, and what comes after it is up again is seen', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [a, b] = [addNamespace(t, 'a'), addNamespace(t, 'b')]
  joinNamespaces(a, b)
  const ring = inside(b, () => openRing({ ifindex: findInterface('veth0').index, blockCount: 32 }))
  t.after(() => ring.close())
  b.run('ip', 'link', 'set', 'veth0', 'down')
  // The error and the last frames of the link wake it a few times; an error that stayed would do so every time.
  const from = performance.now()
  for (let n = 0; n < 20; n++) {
    ring.walk(new FramesSeen())
    pollFds([ring.fd], 20)
  }
  assert.ok(performance.now() - from > 200, 'most calls wait')
  b.run('ip', 'link', 'set', 'veth0', 'up')
  sendDatagrams(b, '127.0.0.1', 9, ['not on this link'])
  // From the other end until the link is ready again.
  const seen = new FramesSeen()
  for (let n = 0; n < 100 && seen.holding('after') === 0; n++) {
    sendDatagrams(a, '10.99.0.2', 9, ['after'])
    pollFds([ring.fd], 50)
    ring.walk(seen)
  }
  assert.ok(seen.holding('after') > 0)
  assert.equal(seen.holding('not on this link'), 0)
})

test('an interface that does not exist is named, with the nearest', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'absent')
  namespace.run('ip', 'link', 'add', 'docker0', 'type', 'bridge')
  assert.throws(() => inside(namespace, () => findInterface('dokcer0')), { code: 'no-such-interface', hint: /^did you mean docker0\?/ })
  assert.throws(() => inside(namespace, () => openRing({ ifindex: 4711 })), { code: 'no-such-interface' })
})
