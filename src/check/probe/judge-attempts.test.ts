import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import { judgePlaintextAttempt } from './judge-plaintext-attempt.ts'
import { judgeTlsAttempt } from './judge-tls-attempt.ts'
import { readRecording } from './read-recording.ts'

const NONE = new Uint8Array(0)
const SERVER_HELLO = Uint8Array.of(22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, ...new Uint8Array(32), 0, 0xc0, 0x2b, 0)

const chunk = fc.record({
  side: fc.constantFrom(CLIENT, SERVER),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant(SERVER_HELLO), fc.uint8Array({ minLength: 1, maxLength: 40 }).map((body) => Uint8Array.of(21, 3, 3, 0, body.length, ...body))),
})

test('whatever a server says, it never throws; and without a CertificateRequest nothing is a refusal', () => {
  fc.assert(fc.property(fc.array(chunk, { maxLength: 12 }), fc.string({ maxLength: 200 }), fc.boolean(), (chunks, keyLog, secured) => {
    const { handshake, alert } = readRecording(chunks, keyLog)
    const judged = judgeTlsAttempt('no-certificate', 'TLS 1.3', {
      secured, settledMs: 100, answered: chunks.some(({ side }) => side === SERVER), serverEnd: 'open', error: undefined, handshake, alert,
    })
    if (handshake?.certificateRequest === undefined) assert.notEqual(judged.outcome, 'refused')
    if (!secured) assert.notEqual(judged.outcome, 'accepted')
  }), { numRuns: 500 })
})

test('an answer without TLS is plaintext, an alert is TLS, and anything else is unknown', () => {
  const judge = (first: Uint8Array, answer: Uint8Array, tls = true): string => judgePlaintextAttempt({ first, answer, serverEnd: 'open', error: undefined }, tls).outcome
  const text = (words: string): Uint8Array => Buffer.from(words)
  assert.equal(judge(text('220 ready\r\n'), NONE), 'accepted')
  assert.equal(judge(NONE, text('-ERR unknown\r\n')), 'accepted')
  assert.equal(judge(NONE, text('HTTP/1.1 400 Bad Request\r\n')), 'unknown')
  assert.equal(judge(NONE, text('HTTP/1.1 400 Bad Request\r\n'), false), 'accepted')
  assert.equal(judge(NONE, Uint8Array.of(21, 3, 3, 0, 2, 2, 10)), 'refused')
  assert.equal(judge(Uint8Array.of(21, 3, 3, 0, 2, 2, 10), NONE), 'refused')
  assert.equal(judge(NONE, SERVER_HELLO), 'refused')
  assert.equal(judge(NONE, NONE), 'unknown')
  for (const serverEnd of ['closed', 'reset'] as const) assert.equal(judgePlaintextAttempt({ first: NONE, answer: NONE, serverEnd, error: undefined }, true).outcome, 'unknown')
  const hostile = judgePlaintextAttempt({ first: text(`\u001b[31m${'x'.repeat(500)}`), answer: NONE, serverEnd: 'open', error: undefined }, true)
  assert.ok(!hostile.what.includes('\u001b') && hostile.what.length < 200)
})
