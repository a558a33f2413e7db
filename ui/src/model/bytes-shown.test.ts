import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { parseBase64 } from './base64.ts'
import { hexRow, hexRowCount, hexText } from './hex-rows.ts'
import { rasterType } from './raster-type.ts'

test('a dump has every byte once', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const digits = Array.from({ length: hexRowCount(bytes) }, (_, i) => hexRow(bytes, i).hex).join('').replaceAll(' ', '')
    assert.equal(digits, Buffer.from(bytes).toString('hex'))
  }))
  assert.equal(hexText(new TextEncoder().encode('GET\n')), `00000000  ${'47 45 54 0a'.padEnd(48)}  GET·`)
})

test('base64 gives its bytes back, and what is none does not throw', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => { assert.deepEqual(parseBase64(Buffer.from(bytes).toString('base64')), bytes) }))
  fc.assert(fc.property(fc.string(), (text) => { parseBase64(text) }))
})

test('pictures are known by their bytes, and nothing that can hold a script is one', () => {
  assert.equal(rasterType(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0)), 'image/png')
  assert.equal(rasterType(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)), 'image/jpeg')
  for (const text of ['<svg xmlns="http://www.w3.org/2000/svg">', '<!doctype html>', 'GIF', '', '%PDF-1.7']) assert.equal(rasterType(new TextEncoder().encode(text)), undefined, text)
})
