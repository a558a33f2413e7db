import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { mayHoldUserInformation, mayHoldUserInformationIn, withoutUserInformation } from './user-information.ts'

const shown = (text: string): string => withoutUserInformation(text, '[redacted]')

test('user information of a URL is replaced wherever the URL stands', () => {
  const cases: [string, string][] = [
    ['mongodb://me:pw@a:27017,b:27017/db?x=1', 'mongodb://[redacted]@a:27017,b:27017/db?x=1'],
    ['mongodb+srv://me:p@w@a/', 'mongodb+srv://[redacted]@a/'],
    ['redis://:pw@a', 'redis://[redacted]@a'],
    ['https://token@a and amqp://x:y@b', 'https://[redacted]@a and amqp://[redacted]@b'],
    ['{"a":"http:\\/\\/me:pw@a\\/b","c":1}', '{"a":"http:\\/\\/[redacted]@a\\/b","c":1}'],
    ['{"a":"{\\"b\\":\\"http:\\\\/\\\\/me:pw@a\\"}"}', '{"a":"{\\"b\\":\\"http:\\\\/\\\\/[redacted]@a\\"}"}'],
    ['{"a":"http://me:p\\\\w@a"}', '{"a":"http://[redacted]@a"}'],
    ['/go?to=http%3A%2F%2Fme%3Apw%40a%2Fb&c=d%40e', '/go?to=http%3A%2F%2F[redacted]%40a%2Fb&c=d%40e'],
    ['/go?to=http://me:pw@a/b', '/go?to=http://[redacted]@a/b'],
    ['postgres://me:p/w#?x@a/b', 'postgres://[redacted]@a/b'],
    ['http://x:80://me:pw@a', 'http://x:80://[redacted]@a'],
    ['a://b//c://me:pw@a', 'a://b//c://[redacted]@a'],
    ['cut off: mongodb://me:p', 'cut off: mongodb://[redacted]'],
  ]
  for (const [text, expected] of cases) assert.equal(shown(text), expected)
})

test('what has none stays as it is', () => {
  const same = [
    'https://a/@b', 'https://a/b?mail=c@d', 'http://a:80/x@y', 'http://[::1]:80/x@y', 'http://[::1]', 'mongodb://a:1,b:2', 'mongodb://a:1,b:2/c@d', 'me@a', '://me:pw@a', 'http://a:80', 'http://a:',
    '{"a":"http:\\/\\/a\\/@b","c":"d@e"}', 'http://a b@c', '"http://a":"b@c"', '?to=http%3A%2F%2Fa%2F%40b', '?to=http%3A%2F%2Fa&b%40c', 'http://a\\nb@c', 'http://', 'http:\\', '%40', '%3a%2f%2f',
  ]
  for (const text of same) assert.equal(shown(text), text)
})

const piece = fc.constantFrom('a', ':', '/', '://', ':\\/\\/', '@', '\\', '"', ' ', ',', '80', '%3a%2F%2f', '%40', '%2f', '?', '&', '[', ']', 'x://', '\\u0040', '.')

test('a user with a password is never shown, whatever stands around it', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 12 }), fc.constantFrom('x://me:fanary@h', 'x:\\/\\/me:fanary@h', 'x%3A%2F%2Fme%3Afanary%40h'), (before, behind, url) => {
    const text = `${before.join('')} ${url}/${behind.join('')}`
    assert.ok(!shown(text).includes('fanary'), text)
  }))
})

test('bytes and texts that cannot have any are told apart alike, and what is shown has none', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, isLong) => {
    const text = pieces.join('') + (isLong ? 'x'.repeat(300) : '')
    const bytes = Buffer.from(`<${text}>`)
    if (!mayHoldUserInformationIn(bytes, 1, bytes.length - 1)) assert.ok(!mayHoldUserInformation(text), text)
    if (!mayHoldUserInformation(text)) assert.equal(shown(text), text)
    const once = shown(text)
    assert.equal(shown(once).replaceAll('[redacted]', ''), once.replaceAll('[redacted]', ''))
  }))
})

test('long texts take time in proportion', () => {
  for (const unit of ['a://b:c', 'a:\\/\\/b:c', 'a%3a%2f%2fb:c', ':', '\\', ':\\', 'a://', 'a.', '@', 'x://@', ',a:', 'a://a,', '%', '/']) {
    assert.equal(typeof shown(unit.repeat(100_000)), 'string')
    assert.equal(typeof shown(`x://a:${unit.repeat(100_000)}`), 'string')
  }
})
