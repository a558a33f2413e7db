import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSniff } from './sniff-plan.ts'
import type { SniffFlags } from './sniff.ts'
import { asCaller, installWords, parseOsIds } from './sniff-wireshark.ts'

const flags = (more: Partial<SniffFlags> = {}): SniffFlags => ({ procfs: '/proc', comments: true, netns: ['web'], ...more })

test('frames only, each interface apart; the words and the options of the filter together', () => {
  const { tap, keyLogs } = planSniff(['port', '80'], flags({ write: 'x.pcapng', port: ['443'], keylog: ['keys'] }), true)
  assert.deepEqual([tap.dissect, tap.writeTo, tap.interfacesApart, tap.mesh, tap.keyLogs, keyLogs], [false, 'x.pcapng', true, false, [], ['keys']])
  assert.equal(tap.filter!.ports.count, 2)
})

test('packets never go to a terminal', () => {
  assert.equal(planSniff([], flags(), false).tap.writeTo, '-')
  assert.equal(planSniff([], flags({ wireshark: true }), true).tap.writeTo, '-')
  assert.throws(() => planSniff([], flags(), true), { code: 'usage', message: /not to a terminal/ })
  assert.throws(() => planSniff([], flags({ write: '-' }), true), { code: 'usage', message: /not to a terminal/ })
  assert.throws(() => planSniff([], flags({ write: 'x', wireshark: true }), true), { code: 'usage', message: /both want/ })
  assert.equal(planSniff(['port', '80'], flags({ netns: undefined, mesh: true, write: 'x' }), true).tap.mesh, true)
  assert.throws(() => planSniff([], flags({ netns: undefined, write: 'x' }), true), { code: 'usage', message: /nothing to sniff/ })
})

test('how Wireshark is installed here', () => {
  assert.deepEqual(parseOsIds('NAME="x"\nVERSION_ID=3\nID=ubuntu\nID_LIKE="debian other"\n'), ['ubuntu', 'debian', 'other'])
  assert.match(installWords(['ubuntu', 'debian']), /apt install wireshark$/)
  assert.match(installWords(['rocky', 'rhel']), /dnf install/)
  assert.match(installWords([]), /wireshark\.org/)
})

test('under sudo Wireshark runs as the caller', () => {
  assert.deepEqual(asCaller({ SUDO_UID: '1000', SUDO_GID: '1001' }, false), [])
  for (const env of [{}, { SUDO_UID: '0', SUDO_GID: '0' }, { SUDO_UID: '1000' }, { SUDO_UID: '1000', SUDO_GID: '1 --inh-caps=+all' }]) assert.deepEqual(asCaller(env, true), [])
  const words = asCaller({ SUDO_UID: '1000', SUDO_GID: '1001' }, true)
  assert.ok(words.length === 0 || words.join(' ') === 'setpriv --reuid=1000 --regid=1001 --init-groups --')
})
