import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { huffmanBytes } from '../../protocols/http2/hpack-encoder.fixture.ts'
import { StreamSearch } from './stream-search.ts'
import { makeToken, tokenForms } from './token.ts'

const TOKEN = 'abcdefgh01234567ijklmnop'

/** Fed in pieces that end at these places. */
function searchIn(bytes: Uint8Array, cuts: readonly number[]): string[] {
  const search = new StreamSearch(tokenForms(TOKEN))
  const found: string[] = []
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b)
  let from = 0
  for (const to of ends) {
    if (to === from) continue
    const form = search.data(bytes, from, to)
    if (form !== undefined) found.push(form.name)
    from = to
  }
  return found
}

test('a token is new each time, and of letters that no encoding changes', () => {
  const tokens = Array.from({ length: 100 }, makeToken)
  assert.equal(new Set(tokens).size, 100)
  for (const token of tokens) assert.match(token, /^[0-9a-v]{24}$/)
})

test('found however the bytes are cut, once, and in both forms', () => {
  const forms = [['clear', Buffer.from(TOKEN)], ['hpack', Buffer.from(huffmanBytes(TOKEN))]] as const
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat(200), { maxLength: 200 }), fc.constantFrom(...forms), (before, after, cuts, [name, form]) => {
    const bytes = Buffer.concat([before, form, after])
    assert.deepEqual(searchIn(bytes, cuts), [name])
    assert.deepEqual(searchIn(bytes, Array.from(bytes, (_, n) => n)), [name], 'byte by byte')
  }), { numRuns: 300 })
})

test('not found where a byte is wrong, nor across a hole', () => {
  fc.assert(fc.property(fc.nat(TOKEN.length - 1), fc.array(fc.nat(60)), (at, cuts) => {
    const bytes = Buffer.from(`x${TOKEN}y`)
    bytes[at + 1]! ^= 0x40
    assert.deepEqual(searchIn(bytes, cuts), [])
  }))
  const search = new StreamSearch(tokenForms(TOKEN))
  const bytes = Buffer.from(TOKEN)
  search.data(bytes, 0, 12)
  search.gap()
  assert.equal(search.data(bytes, 12, 24), undefined)
})
