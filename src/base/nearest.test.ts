import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from './nearest.ts'

test('finds the candidate that is one slip away', () => {
  assert.equal(nearestName('ehto0', ['lo', 'eth0', 'eth1']), 'eth0')
  assert.equal(nearestName('lp', ['lo', 'eth0']), 'lo')
  assert.equal(nearestName('dokcer0', ['lo', 'docker0']), 'docker0')
  assert.equal(nearestName('ETH0', ['eth1', 'eth0']), 'eth0')
})

test('takes a beginning for the whole', () => {
  assert.equal(nearestName('cart', ['web', 'cart-7f9c4']), 'cart-7f9c4')
})

test('says nothing rather than something far', () => {
  assert.equal(nearestName('wlan0', ['lo', 'eth0']), undefined)
  assert.equal(nearestName('', ['abc']), undefined)
  assert.equal(nearestName('x', []), undefined)
})
