import assert from 'node:assert/strict'
import test from 'node:test'
import type { Document } from 'mongodb'
import { listen } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { DEFAULT_REDACTION } from '../redaction.ts'
import { mongodb } from './mongodb.ts'
import { answer, ask } from './samples.fixture.ts'

const SECRET = 'open-sesame'
const BYTES = Buffer.from(`\0ann\0${SECRET}`)
const said = (command: Document, reply: Document, parameters: readonly string[] = []): string =>
  JSON.stringify(listen(mongodb, [ask(1, command, 1), answer(2, 1, reply, 2)], { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_REDACTION, parameters } }).messages)

test('what proves who somebody is stands nowhere', () => {
  const cases: [Document, Document][] = [
    [{ saslStart: 1, mechanism: 'PLAIN', payload: BYTES, $db: 'admin' }, { conversationId: 1, payload: BYTES, ok: 1 }],
    [{ saslContinue: 1, conversationId: 1, payload: BYTES, $db: 'admin' }, { conversationId: 1, payload: BYTES, ok: 1 }],
    [{ hello: 1, speculativeAuthenticate: { saslStart: 1, payload: BYTES }, $db: 'admin' }, { speculativeAuthenticate: { conversationId: 1, payload: BYTES }, ok: 1 }],
    [{ createUser: 'ann', pwd: SECRET, roles: [], $db: 'admin' }, { ok: 1 }], [{ updateUser: 'ann', pwd: SECRET, $db: 'admin' }, { ok: 1 }],
    [{ usersInfo: 'ann', showCredentials: true, $db: 'admin' }, { users: [{ user: 'ann', credentials: { 'SCRAM-SHA-256': { salt: SECRET, storedKey: SECRET, serverKey: SECRET } } }], ok: 1 }],
  ]
  for (const [command, reply] of cases) {
    const text = said(command, reply)
    assert.ok(!text.includes(SECRET) && !text.includes(BYTES.toString('base64')), text)
    assert.match(text, /\[redacted\]/)
  }
})

test('members that are hidden by their names, whatever they hold', () => {
  const text = said({ insert: 'users', documents: [{ name: 'ann', password: SECRET }, { password: { old: SECRET } }], $db: 'shop' }, { ok: 1, password: [SECRET] }, ['password'])
  assert.ok(text.includes('ann') && !text.includes(SECRET), text)
})
