import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { chainMatcher, rangePattern } from './chain-matcher.ts'

test('a range of ports as a regular expression holds exactly these', () => {
  assert.equal(rangePattern(80, 443), '[8-9][0-9]|[1-3][0-9][0-9]|4[0-3][0-9]|44[0-3]')
  fc.assert(fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }), (a, b, port) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)]
    const pattern = new RegExp(`^(?:${rangePattern(from, to)})$`)
    for (const at of [port, from, to, from - 1, to + 1]) assert.equal(pattern.test(String(at)), at >= from && at <= to, `${from}-${to} and ${at}: ${pattern.source}`)
  }), { numRuns: 500 })
  assert.ok(rangePattern(1, 65_535).length < 200)
})

test('an or or an and of one is the one', () => {
  const text = JSON.stringify(chainMatcher([{ chain: 'a', destinations: [{ network: '', fromPort: 80, toPort: 80 }] }, { chain: 'b', destinations: [], tls: true }], 'c'))
  assert.doesNotMatch(text, /or_matcher|and_matcher/)
  assert.match(text, /"exact":"80".*"exact":"tls".*"value":"c"/)
})
