import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { SERVER } from '../../model/side.ts'
import { BoundarySearch } from './boundary-search.ts'
import { HandshakeStream } from './handshake-stream.ts'
import { MAX_HANDSHAKE_MESSAGE_BYTES, MAX_SEARCH_BYTES } from './limits.ts'
import { RecordStream } from './record-stream.ts'
import { data, messageOf, recordOf } from './wire.fixture.ts'

/** Pieces of the sizes given, used in turn. */
function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!) yield bytes.subarray(at, at + sizes[i % sizes.length]!)
}

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 })

test('records and wanted payloads come out the same however the bytes are cut', () => {
  const bytes = Buffer.concat([recordOf(22, Buffer.from('abcdef')), data(0), data(300), recordOf(22, Buffer.alloc(0)), recordOf(22, Buffer.from('gh'))])
  fc.assert(fc.property(sizes, (cuts) => {
    const seen: string[] = []
    let payload = ''
    const stream = new RecordStream({
      record(_side, type, version, length) { seen.push(`${type} ${version} ${length}`); return type === 22 },
      payload(_side, _type, chunk, from, to, last) {
        payload += Buffer.from(chunk.subarray(from, to)).toString() + (last ? '|' : '')
      },
      outOfStep() { throw new Error('out of step') },
      inStep() {}, notFound() {}, ssl2Server() {},
    }, SERVER)
    for (const piece of cut(bytes, cuts)) stream.dataIn(Buffer.concat([Buffer.alloc(3, 22), piece, Buffer.alloc(9, 22)]), 3, 3 + piece.length, 1)
    assert.deepEqual(seen, ['22 771 6', '23 771 0', '23 771 300', '22 771 0', '22 771 2'])
    assert.equal(payload, 'abcdef||gh|')
    assert.deepEqual([stream.offset, stream.missingBytes, stream.waitingBytes], [bytes.length, 0, 0])
  }))
})

test('handshake messages come out the same however records and chunks cut them', () => {
  const large = Buffer.alloc(5000, 7)
  const bytes = Buffer.concat([messageOf(1, Buffer.from('one')), messageOf(14, Buffer.alloc(0)), messageOf(11, large), messageOf(20, Buffer.from('x'))])
  fc.assert(fc.property(sizes, (cuts) => {
    const seen: string[] = []
    const stream = new HandshakeStream({
      handshakeMessage(_side, type, chunk, from, to) { seen.push(`${type} ${to - from} ${to > from ? chunk[from] : 'empty'}`) },
      handshakeTooLong() { throw new Error('too long') },
    }, SERVER)
    for (const piece of cut(bytes, cuts)) stream.push(piece, 0, piece.length, 1)
    assert.deepEqual(seen, ['1 3 111', '14 0 empty', '11 5000 7', '20 1 120'])
    assert.ok(stream.empty)
  }))
})

test('a message that is too long is skipped, the next one is read', () => {
  const length = MAX_HANDSHAKE_MESSAGE_BYTES + 1
  const bytes = Buffer.concat([messageOf(11, Buffer.alloc(length)), messageOf(14, Buffer.from('after'))])
  for (const cuts of [[1], [3, 1000], [bytes.length]]) {
    const seen: string[] = []
    const stream = new HandshakeStream({
      handshakeMessage(_side, type, chunk, from, to) { seen.push(`${type} ${Buffer.from(chunk.subarray(from, to)).toString()}`) },
      handshakeTooLong(_side, type, size) { seen.push(`${type} too long: ${size}`) },
    }, SERVER)
    for (const piece of cut(bytes, cuts)) stream.push(piece, 0, piece.length, 1)
    assert.deepEqual(seen, [`11 too long: ${length}`, '14 after'])
    assert.ok(stream.heldBytes < 4096)
  }
})

function search(bytes: Uint8Array, cuts: readonly number[]): number {
  const boundary = new BoundarySearch()
  for (const piece of cut(bytes, cuts)) {
    for (let at = 0; at < piece.length && !boundary.full;) at += boundary.take(piece, at, piece.length)
    const found = boundary.find()
    if (found >= 0) return found
  }
  return -1
}

test('a boundary is found at the first of three headers, however the bytes are cut', () => {
  const junk = Buffer.concat([Buffer.from('17030300', 'hex'), Buffer.alloc(700, 0x17), Buffer.from('1703030005', 'hex'), Buffer.alloc(200, 3)])
  const bytes = Buffer.concat([junk, data(100), data(2000), data(1)])
  fc.assert(fc.property(sizes, (cuts) => { assert.equal(search(bytes, cuts), junk.length) }))
  assert.equal(search(Buffer.concat([junk, data(100), data(2000)]), [100]), -1)
})

test('bytes that look like headers everywhere are searched to the end, byte by byte', () => {
  const bytes = Buffer.alloc(MAX_SEARCH_BYTES)
  for (let at = 0; at + 5 <= bytes.length; at += 5) bytes.set([0x17, 3, 3, 0x40, at % 256], at)
  // Each points far ahead: some three happen to point at each other.
  const found = search(bytes, [1])
  assert.ok(found % 5 === 0 && found < bytes.length)
  assert.equal(search(Buffer.alloc(MAX_SEARCH_BYTES, Buffer.from([0x17, 3, 3, 0x42, 0])), [1]), -1)
})
