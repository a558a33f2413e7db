import assert from 'node:assert/strict'
import test from 'node:test'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_LOOP, LINKTYPE_NULL, LINKTYPE_RAW } from './link-types.ts'
import { isLoopbackFrame } from './loopback-frame.ts'

const at = (hex: string, linkType: number): boolean => isLoopbackFrame(Buffer.from(`ff${hex}`, 'hex'), 1, linkType)

test('frames of a loopback say so themselves', () => {
  assert.equal(at('0000000000000000000000000800', LINKTYPE_ETHERNET), true)
  assert.equal(at('0000000000000000000000010800', LINKTYPE_ETHERNET), false)
  assert.equal(at('00000304000600000000000000000800', LINKTYPE_LINUX_SLL), true)
  assert.equal(at('00000001000600000000000000000800', LINKTYPE_LINUX_SLL), false)
  assert.equal(at('0800000000000001030400060000000000000000', LINKTYPE_LINUX_SLL2), true)
  assert.equal(at('0800000000000001000100060000000000000000', LINKTYPE_LINUX_SLL2), false)
  assert.deepEqual([at('', LINKTYPE_NULL), at('', LINKTYPE_LOOP), at('', LINKTYPE_RAW), at('00', LINKTYPE_ETHERNET), at('', LINKTYPE_LINUX_SLL)], [true, true, false, false, false])
})
