import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { visibleText } from './visible-text.ts'

test('what turns or hides text is written out', () => {
  assert.equal(visibleText('GET /\u202egnp.exe'), 'GET /⟨202E⟩gnp.exe')
  assert.equal(visibleText('a\u0000b\u001b[31m\u200b\u2066'), 'a⟨0000⟩b⟨001B⟩[31m⟨200B⟩⟨2066⟩')
})

test('all other text is as it was, in any script, with its tabs and lines', () => {
  assert.equal(visibleText('Grüße ☃ 👨\u200d👩\u200d👧 \t\r\n مرحبا 日本'), 'Grüße ☃ 👨\u200d👩\u200d👧 \t\r\n مرحبا 日本')
})

test('twice is once, and nothing hidden is left', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const shown = visibleText(text)
    assert.equal(visibleText(shown), shown)
    assert.doesNotMatch(shown, /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/)
  }))
})
