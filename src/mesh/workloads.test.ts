import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopbackAddress } from '../net/address.ts'
import { Names } from './workloads.ts'

test('an address has the name that everybody who has it gives', () => {
  const names = new Names()
  assert.equal(names.nameOf('10.0.0.7'), undefined)
  names.add('10.0.0.7', 'web')
  names.add('10.0.0.7', 'web')
  names.remove('10.0.0.7', 'web')
  assert.equal(names.nameOf('10.0.0.7'), 'web')
  names.remove('10.0.0.7', 'web')
  names.remove('10.0.0.7', 'web')
  assert.equal(names.nameOf('10.0.0.7'), undefined)
  assert.equal(names.size, 0)
})

test('two names for one address are none until one is taken back', () => {
  const names = new Names()
  names.add('10.0.0.7', 'web')
  names.add('10.0.0.7', 'cart')
  assert.equal(names.nameOf('10.0.0.7'), undefined)
  names.remove('10.0.0.7', 'web')
  assert.equal(names.nameOf('10.0.0.7'), 'cart')
})

test('the number of addresses has a bound', () => {
  const names = new Names()
  for (let n = 0; n < 65_536; n++) assert.ok(names.add(`a${n}`, 'x'))
  assert.equal(names.add('one more', 'x'), false)
  assert.equal(names.size, 65_536)
})

test('loopback addresses', () => {
  for (const ip of ['127.0.0.1', '127.137.0.2', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopbackAddress(ip))
  for (const ip of ['10.127.0.1', '::', 'fe80::1', '1.127.0.0']) assert.ok(!isLoopbackAddress(ip))
})
