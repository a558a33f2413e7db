import assert from 'node:assert/strict'
import test from 'node:test'
import { DEFAULT_REDACTION, NO_REDACTION, REDACTED, Redactor, redactorOf } from './redaction.ts'

test('by default credentials and the headers that carry them are taken out, and nothing else', () => {
  const redactor = redactorOf(DEFAULT_REDACTION)
  for (const name of ['Authorization', 'COOKIE', 'set-cookie', 'Proxy-Authorization']) assert.equal(redactor.header(name, 'secret'), REDACTED)
  assert.equal(redactor.header('Accept', '*/*'), '*/*')
  assert.equal(redactor.credential('secret'), REDACTED)
  assert.equal(redactor.target('/a?token=1'), '/a?token=1')
  assert.equal(redactor.text('password=1'), 'password=1')
  assert.equal(redactorOf(DEFAULT_REDACTION), redactor)
})

test('without rules nothing is changed', () => {
  const redactor = new Redactor(NO_REDACTION)
  assert.equal(redactor.header('Authorization', 'x'), 'x')
  assert.equal(redactor.credential('x'), 'x')
})

test('patterns for headers, parameters and texts', () => {
  const redactor = new Redactor({ credentials: true, headers: ['x-*-key', 'a.b'], parameters: ['*token'], texts: ['\\d{4}-\\d{4}'] })
  assert.equal(redactor.header('X-Api-Key', 'k'), REDACTED)
  assert.equal(redactor.header('x-key', 'k'), 'k')
  assert.equal(redactor.header('axb', 'k'), 'k')
  assert.equal(redactor.target('/p?access%5Ftoken=s&b=1&token'), `/p?access%5Ftoken=${REDACTED}&b=1&token`)
  assert.equal(redactor.form('t=1&TOKEN=%zz'), `t=1&TOKEN=${REDACTED}`)
  assert.equal(redactor.target('/p/1234-5678'), `/p/${REDACTED}`)
  assert.equal(redactor.text('card 1234-5678, 1111-2222'), `card ${REDACTED}, ${REDACTED}`)
})

test('user information is a credential in every URL, and where an authority stands alone', () => {
  const redactor = redactorOf(DEFAULT_REDACTION)
  assert.equal(redactor.authority('http://u:p@x/a@b'), `http://${REDACTED}@x/a@b`)
  assert.equal(redactor.authority('u:p@x:80'), `${REDACTED}@x:80`)
  assert.equal(redactor.authority('/a@b'), '/a@b')
  assert.equal(redactor.urls('see http://u:p@x/a and amqp://u:p@y, mail a@b'), `see http://${REDACTED}@x/a and amqp://${REDACTED}@y, mail a@b`)
  assert.equal(new Redactor(NO_REDACTION).urls('http://u:p@x/'), 'http://u:p@x/')
})

test('parameters are members of JSON too, also where that is percent-encoded', () => {
  const redactor = new Redactor({ ...NO_REDACTION, parameters: ['password'], texts: ['4711'] })
  assert.equal(redactor.text('{"password":"s"}'), `{"password":"${REDACTED}"}`)
  assert.equal(redactor.target(`/g?v=${encodeURIComponent('{"password":"s"}')}&w=a%20b`), `/g?v=${encodeURIComponent('{"password":"')}${REDACTED}${encodeURIComponent('"}')}&w=a%20b`)
  assert.equal(redactor.target('/g?v=47%31%31'), `/g?v=${REDACTED}`)
})
