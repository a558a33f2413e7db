import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable } from './printable.ts'

test('escape sequences of a peer never reach the terminal', () => {
  assert.equal(printable('a\x1b[31mb\x07\r\n\x9b2J'), 'a\\x1b[31mb\\x07\\x0d\\x0a\\x9b2J')
})

test('text that would run backwards is shown as what it is', () => {
  assert.equal(printable('exe\u202egpj'), 'exe\\u202egpj')
})

test('ordinary text stays', () => {
  assert.equal(printable('GET /käse?q=日本'), 'GET /käse?q=日本')
})
