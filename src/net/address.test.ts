import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from '#property'
import { formatAddress, parseAddress } from './address.ts'

const WORD = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0xffff0000, 0x10000), fc.integer({ min: 0, max: 0xffffffff }))

function canonical(text: string): string | undefined {
  const address = parseAddress(text)
  return address && formatAddress(address.version, ...address.words)
}

test('writes IPv6 as RFC 5952 wants it', () => {
  for (const [text, expected] of [
    ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['2001:DB8::0:1', '2001:db8::1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['0:0:0:0:0:ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:0201', '::ffff:192.0.2.1'], ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'], ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ]) assert.equal(canonical(text!), expected, text)
})

test('writes IPv4 from signed and unsigned words', () => {
  assert.equal(formatAddress(4, 0, 0, 0, 0xc0000201), '192.0.2.1')
  assert.equal(formatAddress(4, 0, 0, 0, 0xc0000201 | 0), '192.0.2.1')
  assert.equal(formatAddress(6, 0xfd000000 | 0, 0, 0, 0xffffffff | 0), 'fd00::ffff:ffff')
})

test('every address survives writing and reading', () => {
  fc.assert(fc.property(WORD, WORD, WORD, WORD, (a, b, c, d) => {
    const v6 = formatAddress(6, a, b, c, d)
    assert.ok(isIPv6(v6), v6)
    assert.deepEqual(parseAddress(v6), { version: 6, words: [a, b, c, d] })
    const v4 = formatAddress(4, 0, 0, 0, d)
    assert.ok(isIPv4(v4), v4)
    assert.deepEqual(parseAddress(v4), { version: 4, words: [0, 0, 0, d] })
  }))
})

test('accepts exactly what node:net accepts, zones apart', () => {
  const piece = fc.constantFrom('0', '1', 'ff', 'abcd', '12345', ':', '::', '.', '1.2.3.4', '256', '01', ' ', 'g', '')
  fc.assert(fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
    const text = pieces.join('')
    assert.equal(parseAddress(text)?.version ?? 0, isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0, JSON.stringify(text))
  }), { numRuns: 2000 })
  assert.equal(parseAddress('fe80::1%eth0'), undefined)
})
