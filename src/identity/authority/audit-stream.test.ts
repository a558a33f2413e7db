import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import test from 'node:test'
import { AuditStream } from './audit-stream.ts'

const ENTRY = { event: 'issued' as const, by: 'serve', spiffeId: 'spiffe://shop.test/cart\u009b' }

test('a line of JSON, safe for a terminal, is handed over before it resolves', async () => {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk: Buffer, _, done) => setImmediate(() => { lines.push(chunk.toString()); done() }) })
  await new AuditStream(stream).append(ENTRY, 0)
  assert.deepEqual(lines, ['{"at":"1970-01-01T00:00:00.000Z","event":"issued","by":"serve","spiffeId":"spiffe://shop.test/cart\\u009b"}\n'])
})

test('what nobody takes is not written, and so does not happen', async () => {
  const stream = new Writable({ write: (_, __, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })) })
  stream.on('error', () => {})
  const audit = new AuditStream(stream)
  await assert.rejects(audit.append(ENTRY, 0), { code: 'cannot-write', message: 'cannot write the audit log: EPIPE' })
  await assert.rejects(audit.append(ENTRY, 0), { code: 'cannot-write' })
})
