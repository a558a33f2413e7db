import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCapabilities } from './capabilities.ts'
import { failed, ok } from './check.ts'
import { kernel, nodeVersion } from './probe-machine.ts'
import { capability, parseHidepid } from './probe-rights.ts'
import { probe, tapWorks } from './probe.ts'

test('reads capabilities from the hexadecimal mask', () => {
  const of = (mask: string): string[] => [...parseCapabilities(`Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\t0\n`)].sort()
  assert.deepEqual(of('0000000000000000'), [])
  assert.deepEqual(of('0000000000002000'), ['CAP_NET_RAW'])
  assert.deepEqual(of('0000000000280000'), ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE'])
  assert.equal(of('000001ffffffffff').length, 5)
  assert.deepEqual([...parseCapabilities('nothing of the kind')], [])
})

test('a right that is missing is asked for by its own name', () => {
  assert.match(capability('CAP_NET_ADMIN', 'rules', false, new Set()).fix!, /--cap-add NET_ADMIN$/)
  assert.match(capability('CAP_NET_RAW', 'packets', true, new Set()).fix!, /--cap-add NET_RAW .*SYS_ADMIN .*SYS_PTRACE$/)
  assert.equal(capability('CAP_NET_ADMIN', 'rules', false, new Set(['CAP_NET_ADMIN'] as const)).fix, undefined)
})

test('finds hidepid on the procfs that is on top', () => {
  const line = (options: string): string => `25 30 0:23 / /proc rw,nosuid shared:12 - proc proc ${options}\n26 30 0:24 / /sys rw - sysfs sysfs rw\n`
  assert.equal(parseHidepid(line('rw')), undefined)
  assert.equal(parseHidepid(line('rw,hidepid=0')), undefined)
  assert.equal(parseHidepid(line('rw,gid=4,hidepid=2')), '2')
  assert.equal(parseHidepid(line('rw,hidepid=invisible')), 'invisible')
  assert.equal(parseHidepid(line('rw,hidepid=2') + line('rw')), undefined)
  assert.equal(parseHidepid(''), undefined)
})

test('compares versions as numbers', () => {
  assert.equal(kernel('6.18.44-generic').state, 'ok')
  assert.equal(kernel('4.20.0').state, 'ok')
  assert.equal(kernel('4.9.0').state, 'failed')
  assert.equal(kernel('10.0').state, 'ok')
  assert.equal(nodeVersion('22.16.0').state, 'ok')
  assert.match(nodeVersion('22.15.0').found, /, without the viewer$/)
  assert.match(nodeVersion('20.19.0').found, /, without the viewer and bodies in zstd$/)
})

test('tap works where nothing that it requires is missing', () => {
  const fields = { name: 'x', group: 'tap' as const, found: '', purpose: '' }
  assert.equal(tapWorks([ok({ ...fields, required: true }), failed(fields)]), true)
  assert.equal(tapWorks([failed({ ...fields, required: true })]), false)
})

test('looks at the whole machine without throwing, and each missing thing has its fix', async () => {
  const checks = await probe()
  const names = checks.map((c) => c.name)
  for (const name of ['kernel', 'node', 'cap-net-raw', 'packet-ring', 'enter-namespace', 'user-namespaces', 'ip', 'hidepid', 'cgroup', 'ktls']) assert.ok(names.includes(name), name)
  assert.equal(new Set(names).size, names.length)
  for (const check of checks) assert.equal(check.state === 'ok', check.fix === undefined, JSON.stringify(check))
})
