import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { linesOf, record } from '../store/record.fixture.ts'
import { takeTurns } from './turn-lines.ts'

const turn = record({ protocol: 'tls', what: 'ciphertext', status: undefined, request: { kind: 'ciphertext', records: 1, bytes: 90, offset: 7 } })
const others = [
  record(), record({ what: 'GET /"what":"ciphertext"' }), record({ what: 'ciphertext' }), record({ response: { body: { json: { what: 'ciphertext', protocol: 'tls' } } } }), record({ protocol: 'tls', what: 'TLS 1.3 handshake' }),
]

test('turns are taken out, whatever is between them, and nothing else', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -1, max: others.length - 1 }), { maxLength: 12 }), (order) => {
    const all = order.map((n) => n < 0 ? turn : others[n]!)
    const { rest, turns } = takeTurns(linesOf(all))
    assert.deepEqual(turns, all.filter((one) => one === turn).map((one) => JSON.parse(JSON.stringify(one)) as unknown))
    assert.equal(Buffer.from(rest).toString(), linesOf(all.filter((one) => one !== turn)).toString())
  }), { numRuns: 200 })
})
