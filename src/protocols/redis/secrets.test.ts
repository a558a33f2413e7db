import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../../model/message.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Conversation } from '../conversation.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { PROTOCOLS } from '../registry.ts'
import { DEFAULT_REDACTION } from '../redaction.ts'
import { listen } from '../contract.fixture.ts'
import { redis } from './redis.ts'
import { answer, ask, bulk, command } from './samples.fixture.ts'

const SECRET = 'secret-word'
const said = (request: string, reply: string, bodyLimitBytes = 65_536): string =>
  JSON.stringify(listen(redis, [ask(request), answer(reply)], { ...DEFAULT_SETTINGS, bodyLimitBytes }).messages)

test('what proves who somebody is stands nowhere', () => {
  const requests = [
    command('AUTH', SECRET), command('auth', 'ann', SECRET), command('HELLO', '3', 'auth', 'ann', SECRET), command('ACL', 'SETUSER', 'ann', 'on', `>${SECRET}`, `#${SECRET}`),
    command('CONFIG', 'SET', 'maxmemory', '1', 'requirepass', SECRET), command('MIGRATE', 'h', '1', '', '0', '1', 'AUTH2', 'ann', SECRET, 'KEYS', 'k'),
    command('MIGRATE', 'h', '1', 'k', '0', '1', 'AUTH', SECRET), command('SENTINEL', 'SET', 'main', 'auth-pass', SECRET), `PING\r\nAUTH ${SECRET}\r\n`,
  ]
  for (const request of requests) for (const limit of [0, 65_536]) assert.ok(!said(request, '+OK\r\n', limit).includes(SECRET), request)
})

test('replies that give secrets away', () => {
  const hash = 'ab'.repeat(32)
  for (const [request, reply] of [
    [command('CONFIG', 'GET', '*'), `*4\r\n${bulk('port')}${bulk('6379')}${bulk('requirepass')}${bulk(SECRET)}`],
    [command('CONFIG', 'GET', '*'), `%1\r\n${bulk('masterauth')}${bulk(SECRET)}`],
    [command('ACL', 'GENPASS'), bulk(SECRET)],
    [command('ACL', 'LIST'), `*1\r\n${bulk(`user ann on #${hash} ~*`)}`],
    [command('ACL', 'GETUSER', 'ann'), `*2\r\n${bulk('passwords')}*1\r\n${bulk(hash)}`],
  ] as const) assert.ok(!said(request, reply).match(`${SECRET}|${hash}`), request)
})

test('a script that sets a password, or sends one, shows none of its strings', () => {
  const scripts = [
    `redis.call('AUTH', '${SECRET}')`, `redis.pcall("auth", "ann", "${SECRET}")`, `local p = '${SECRET}'\nreturn redis.call('AUTH', p)`, `redis.call([[AUTH]], [==[${SECRET}]==])`,
    `-- don't\nredis.call('CONFIG', 'SET', 'requirepass', '${SECRET}')`, `redis.call('ACL', 'SETUSER', 'a', '>${SECRET}')`, `redis.call('MIGRATE', 'h', 1, 'k', 0, 1, 'AUTH', '${SECRET}')`,
    `redis.call('AUTH', 'it\\'${SECRET}')`, `redis.call('AUTH', '${SECRET}`, `redis.call('AUTH', "x" .. '${SECRET}')`,
  ]
  for (const script of scripts) {
    for (const request of [command('EVAL', script, '0'), command('eval_ro', script, '1', 'k'), command('SCRIPT', 'LOAD', script), command('FUNCTION', 'LOAD', 'REPLACE', `#!lua name=l\n${script}`)]) {
      for (const limit of [0, 300, 65_536]) assert.ok(!said(request, '+OK\r\n', limit).includes(SECRET), request)
    }
    assert.ok(!said(command('EVAL', script, '0'), `-ERR Error compiling script (new function): user_script:1: ')' expected near ''${SECRET}''\r\n`).includes(SECRET), script)
    for (const reply of [bulk(script), `*1\r\n*2\r\n${bulk('library_code')}${bulk(script)}`]) assert.ok(!said(command('FUNCTION', 'LIST'), reply).includes(SECRET), reply)
    assert.ok(!said(command('SLOWLOG', 'GET'), `*1\r\n*2\r\n:1\r\n${command('EVAL', script, '0')}`).includes(SECRET), script)
    assert.ok(!JSON.stringify(listen(redis, [answer(command('EVAL', script, '0'))]).messages).includes(SECRET), script)
  }
  assert.ok(!said(command('EVAL', `redis.call('AUTH', ARGV[1])`, '1', 'k', SECRET), '+OK\r\n').includes(SECRET))
  const plain = `return redis.call('SET', 'auth:1', '${SECRET}')`
  assert.ok(said(command('EVAL', plain, '0'), '+OK\r\n').includes(plain))
})

test('a line of MONITOR hides what its command would', () => {
  const monitored = (words: string): string => JSON.stringify(listen(redis, [ask(command('MONITOR')), answer(`+OK\r\n+1339518083.107412 [0 127.0.0.1:6] ${words}\r\n`)]).messages)
  for (const words of [`"eval" "redis.call('AUTH', '${SECRET}')" "0"`, `"eval" "redis.call(\\"AUTH\\", \\"${SECRET}\\")" "0"`, `"config" "set" "requirepass" "${SECRET}"`, `"auth" "${SECRET}"`]) {
    assert.ok(!monitored(words).includes(SECRET), words)
  }
  assert.match(monitored('"get" "k"'), /monitored \\"get\\" \\"k\\"/)
})

test('a reply whose command was not captured hides what stands behind the name of a secret', () => {
  const replies = [
    `*4\r\n${bulk('port')}${bulk('6379')}${bulk('requirepass')}${bulk(SECRET)}`, `%1\r\n${bulk('masterauth')}${bulk(SECRET)}`, `*2\r\n${bulk('passwords')}*1\r\n${bulk(SECRET)}`,
    command('AUTH', 'ann', SECRET), command('CONFIG', 'SET', 'requirepass', SECRET),
  ]
  for (const reply of replies) {
    const text = JSON.stringify(listen(redis, [answer(reply)]).messages)
    assert.ok(text.includes('reply without command') && !text.includes(SECRET), text)
  }
})

test('joined late, the rest of a command is not taken for what the server says', () => {
  let text = ''
  const sink = { message: (m: Message) => { text += JSON.stringify([m.what, m.request, m.response]) }, malformed() {} }
  const conversation = new Conversation(sink, { protocols: PROTOCOLS, settings: DEFAULT_SETTINGS, serverPort: 6379, joinedLate: () => true })
  for (const said of [bulk('AUTH'), bulk(SECRET), command('CONFIG', 'SET', 'masterauth', SECRET), command('GET', 'k')]) conversation.data(CLIENT, Buffer.from(said), 1)
  conversation.data(SERVER, Buffer.from(`+OK\r\n+OK\r\n${bulk('v')}`), 2)
  conversation.end(CLIENT, 3)
  conversation.end(SERVER, 3)
  assert.match(text, /CONFIG SET masterauth/)
  assert.ok(!text.includes(SECRET), text)
})

test('the same within a transaction', () => {
  const steps = [ask(command('MULTI') + command('CONFIG', 'GET', 'requirepass') + command('EXEC')), answer(`+OK\r\n+QUEUED\r\n*1\r\n*2\r\n${bulk('requirepass')}${bulk(SECRET)}`)]
  assert.ok(!JSON.stringify(listen(redis, steps).messages).includes(SECRET))
})

test('patterns for texts reach keys, values and replies', () => {
  const settings = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_REDACTION, texts: ['\\d{4}-\\d{4}'] } }
  const messages = listen(redis, [ask(command('SET', 'card:1234-5678', '1234-5678')), answer('-ERR no 1234-5678\r\n')], settings).messages
  assert.ok(!JSON.stringify(messages).includes('1234-5678'))
})
