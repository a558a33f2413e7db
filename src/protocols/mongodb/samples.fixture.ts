import { deflateSync, zstdCompressSync } from 'node:zlib'
import type { Document } from 'mongodb'
import { BSON } from 'mongodb'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { CHECKSUM_PRESENT, MORE_TO_COME, OP_COMPRESSED, OP_INSERT, OP_KILL_CURSORS, OP_MSG, OP_QUERY, OP_REPLY } from './op.ts'

const { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } = BSON

export function int32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeInt32LE(value, i * 4))
  return bytes
}

export function bson(document: Document): Buffer {
  return Buffer.from(BSON.serialize(document, { ignoreUndefined: false }))
}

export function wire(requestId: number, responseTo: number, op: number, ...body: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(body)
  return Buffer.concat([int32(16 + bytes.length, requestId, responseTo, op), bytes])
}

/** The body of an OP_MSG with one document, and sequences beside it. */
export function message(flags: number, document: Document, sequences: Readonly<Record<string, readonly Document[]>> = {}): Buffer {
  const parts = Object.entries(sequences).map(([name, documents]) => {
    const inner = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map(bson)])
    return Buffer.concat([Buffer.of(1), int32(4 + inner.length), inner])
  })
  return Buffer.concat([int32(flags), Buffer.of(0), bson(document), ...parts])
}

export const ask = (id: number, document: Document, at: number, flags = 0): Step => ({ side: CLIENT, at, bytes: wire(id, 0, OP_MSG, message(flags, document)) })
export const answer = (id: number, to: number, document: Document, at: number, flags = 0): Step => (
  { side: SERVER, at, bytes: wire(id, to, OP_MSG, message(flags, document)) })

function step(side: Side, at: number, bytes: Buffer): Step {
  return { side, at, bytes }
}

/** A snappy block of one literal, which is valid and compresses nothing. */
export function snappyLiteral(bytes: Buffer): Buffer {
  const size: number[] = []
  for (let rest = bytes.length; ; rest >>>= 7) {
    size.push(rest > 0x7f ? rest & 0x7f | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from(size), Buffer.of(61 << 2, bytes.length - 1 & 0xff, bytes.length - 1 >> 8), bytes])
}

export function compressed(id: number, to: number, compressor: number, body: Buffer): Buffer {
  const packed = [(b: Buffer) => b, snappyLiteral, deflateSync, zstdCompressSync][compressor]!(body)
  return wire(id, to, OP_COMPRESSED, int32(OP_MSG, body.length), Buffer.of(compressor), packed)
}

const handshake: Sample = {
  name: 'handshake and log-in',
  steps: [
    step(CLIENT, 1000, wire(1, 0, OP_QUERY, int32(4), Buffer.from('admin.$cmd\0'), int32(0, -1),
      bson({ ismaster: 1, helloOk: true, speculativeAuthenticate: { saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: new Binary(Buffer.from('n,,n=shop,r=secret-nonce')), db: 'admin' } }))),
    step(SERVER, 1100, wire(2, 1, OP_REPLY, int32(8, 0, 0, 0, 1), bson({ ismaster: true, speculativeAuthenticate: { conversationId: 1, done: false, payload: new Binary(Buffer.from('r=secret-nonce')) }, ok: 1 }))),
    ask(2, { saslContinue: 1, conversationId: 1, payload: new Binary(Buffer.from('p=secret-proof')), $db: 'admin' }, 2000),
    answer(3, 2, { conversationId: 1, done: true, payload: new Binary(Buffer.from('v=secret-server')), ok: 1 }, 2100),
    ask(3, { createUser: 'cart', pwd: 'secret-word', roles: [], $db: 'admin' }, 3000),
    answer(4, 3, { ok: 0, errmsg: 'not authorized on admin to execute command', code: 13, codeName: 'Unauthorized' }, 3100),
  ],
}

const commands: Sample = {
  name: 'commands',
  steps: [
    ask(1, { find: 'carts', filter: { user: 7, tags: { $in: ['a', /^b/i] } }, $db: 'shop' }, 1000),
    answer(2, 1, { cursor: { firstBatch: [{ _id: new ObjectId('65221 3ba46c335fa2820b0dc'.replace(' ', '')), total: Decimal128.fromString('12.50'), n: Long.fromString('9223372036854775807'), at: new Date(0) }], id: Long.ZERO, ns: 'shop.carts' }, ok: 1 }, 1100),
    step(CLIENT, 2000, wire(2, 0, OP_MSG, message(0, { insert: 'orders', ordered: true, $db: 'shop' }, { documents: [{ _id: 1 }, { _id: 2, b: new Binary(Buffer.of(1, 2, 3)) }, { _id: 1 }] }))),
    answer(3, 2, { n: 2, writeErrors: [{ index: 2, code: 11000, errmsg: 'E11000 duplicate key error' }], ok: 1 }, 2100),
    step(CLIENT, 3000, wire(3, 0, OP_MSG, message(CHECKSUM_PRESENT, { ping: 1, $db: 'admin' }), int32(0x1234_5678))),
    answer(4, 3, { ok: 1 }, 3100),
    ask(4, { update: 'carts', updates: [{ q: {}, u: { $set: { a: 1 } } }], writeConcern: { w: 0 }, $db: 'shop' }, 4000, MORE_TO_COME),
    ask(5, { types: [new MinKey(), new MaxKey(), new Timestamp({ t: 5, i: 6 }), new UUID('0123456789abcdef0123456789abcdef'), new Double(1.5), Number.NaN, null, undefined, true, -5], $db: 'shop' }, 5000),
    answer(5, 5, { ok: 0, code: 59, codeName: 'CommandNotFound' }, 5100),
    ask(6, { getMore: Long.fromNumber(77), collection: 'carts', $db: 'shop' }, 6000),
    answer(6, 6, { ok: 0, code: 91, codeName: 'ShutdownInProgress' }, 6100),
  ],
}

const exhaust: Sample = {
  name: 'exhaust, and out of order',
  steps: [
    ask(1, { hello: 1, maxAwaitTimeMS: 10_000, $db: 'admin' }, 1000, 1 << 16),
    answer(11, 1, { isWritablePrimary: true, ok: 1 }, 1100, MORE_TO_COME),
    answer(12, 11, { isWritablePrimary: true, ok: 1 }, 2100, MORE_TO_COME),
    answer(13, 12, { isWritablePrimary: false, ok: 1 }, 3100),
    ask(2, { count: 'a', $db: 'shop' }, 4000),
    ask(3, { count: 'b', $db: 'shop' }, 4001),
    answer(14, 3, { n: 3, ok: 1 }, 4100),
    answer(15, 2, { n: 2, ok: 1 }, 4200),
  ],
}

const packed: Sample = {
  name: 'compressed',
  steps: [0, 1, 2, 3].flatMap((compressor): Step[] => [
    step(CLIENT, 1000 + compressor * 1000, compressed(compressor + 1, 0, compressor, message(0, { find: `packed${compressor}`, filter: { text: 'abcdef'.repeat(50) }, $db: 'shop' }))),
    step(SERVER, 1100 + compressor * 1000, compressed(compressor + 101, compressor + 1, compressor, message(0, { cursor: { firstBatch: [], id: 0, ns: 'shop.x' }, ok: 1 }))),
  ]),
}

const legacy: Sample = {
  name: 'operations of old',
  steps: [
    step(CLIENT, 1000, wire(1, 0, OP_INSERT, int32(0), Buffer.from('shop.carts\0'), bson({ a: 1 }), bson({ a: 2 }))),
    step(CLIENT, 2000, wire(2, 0, OP_QUERY, int32(0), Buffer.from('shop.carts\0'), int32(0, 2), bson({ a: 1 }))),
    step(SERVER, 2100, wire(3, 2, OP_REPLY, int32(8, 7, 0, 0, 2), bson({ a: 1 }), bson({ a: 1, b: 2 }))),
    step(CLIENT, 3000, wire(3, 0, OP_KILL_CURSORS, int32(0, 1, 7, 0))),
  ],
}

export const SAMPLES: readonly Sample[] = [handshake, commands, exhaust, packed, legacy]
