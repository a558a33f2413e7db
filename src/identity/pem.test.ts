import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { formatPem, parsePem, splitPem } from './pem.ts'

test('what is written is read back, whatever stands around it', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 4 }), fc.constantFrom('\n', '\r\n'), (parts, end) => {
    const text = parts.map((der) => `subject: x${end}${formatPem('CERTIFICATE', der).replaceAll('\n', end)}`).join('') + formatPem('PRIVATE KEY', Buffer.from('no'))
    assert.deepEqual(parsePem(text, 'CERTIFICATE').map((der) => [...der]), parts.map((der) => [...der]))
    assert.deepEqual(splitPem(text, 'CERTIFICATE'), parts.map((der) => formatPem('CERTIFICATE', der)))
  }))
})

test('lines have 64 characters', () => {
  assert.equal(formatPem('X', Buffer.alloc(49)).split('\n')[1]!.length, 64)
})

test('blocks that do not end, end as something else or hold something else are none', () => {
  const good = formatPem('CERTIFICATE', Buffer.alloc(90))
  for (const bad of ['', good.slice(0, -20), good.replace('END CERTIFICATE', 'END X'), good.replace('AAAA', 'A-AA'), good.replaceAll('CERTIFICATE', 'certificate')]) {
    assert.deepEqual(parsePem(bad, 'CERTIFICATE'), [])
  }
})
