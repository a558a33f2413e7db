import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { APIS, structFor } from './apis.ts'
import { ByteReader } from './byte-reader.ts'
import { Bytes, encodeStruct } from './encode.fixture.ts'
import { errorName, outcomeOf } from './errors.ts'
import { KeptFrame } from './kept-frame.ts'
import type { Field, Struct } from './schema.ts'
import { I32, STR, STRUCT, UUID, structOf } from './schema.ts'
import { Skim } from './skim.ts'
import { stepsOf } from './steps.ts'
import { TopicNames } from './topic-names.ts'
import type { Context } from './values.ts'
import { readStruct } from './values.ts'

const redactor = redactorOf(DEFAULT_SETTINGS.redaction)
const context = (): Context => ({ names: new TopicNames().of('a'), redactor, spans: [], span: 0, error: 'NONE', budget: { bytes: 0, limitBytes: 0, redactor }, isForLine: false })

test('the notation says which versions have a field', () => {
  const notation = 'a:i32 b:str?2+@1+ c:[i32]@0-1 d@2+#0{ e:uuid } f?[ g:i8@3 ]'
  const shape = (struct: Struct): string[] => [...struct.fields, ...struct.tagged.values()].map(({ name, isNullable }) => name + (isNullable ? '?' : ''))
  assert.deepEqual(shape(structOf(notation, 0, false)), ['a', 'c', 'f?'])
  assert.deepEqual(shape(structOf(notation, 1, false)), ['a', 'b', 'c', 'f?'])
  const two = structOf(notation, 2, true)
  assert.deepEqual(shape(two), ['a', 'b?', 'f?', 'd'])
  assert.equal(two.tagged.get(0)!.struct!.fields[0]!.kind, UUID)
  assert.deepEqual(two.fields.map(({ kind }) => kind), [I32, STR, STRUCT])
  assert.equal(structOf(notation, 3, true).fields[2]!.struct!.fields.length, 1)
  assert.throws(() => structOf('a:word', 0, false))
})

/** Something in every field, so that a wrong order or size shows. */
function filled(struct: Struct, depth: number): Record<string, unknown> {
  const value = (field: Field): unknown => field.kind === STRUCT ? filled(field.struct!, depth + 1) : field.kind === STR ? field.name : field.kind === UUID ? 'AQEBAQEBAQEBAQEBAQEBAQ' : 1
  const values: Record<string, unknown> = {}
  for (const field of [...struct.fields, ...struct.tagged.values()]) {
    if (field.kind > STR && field.kind < STRUCT) continue
    values[field.name] = field.isArray ? [value(field), value(field)] : value(field)
  }
  return values
}

test('every version of every kind is read as it was written, and skimmed to exactly its end', () => {
  for (const api of APIS) {
    for (let version = 0; version <= (api?.maxVersion ?? -1); version++) {
      for (const isRequest of [true, false]) {
        const struct = structFor(api!.key, version, isRequest)
        if (struct === undefined) continue
        const out = new Bytes()
        encodeStruct(out, struct, filled(struct, 0))
        const label = `${api!.name} v${version} ${isRequest ? 'request' : 'answer'}`
        const reader = new ByteReader(out.whole)
        readStruct(reader, struct, context())
        assert.ok(reader.ok && reader.left === 0, label)
        const skim = new Skim()
        skim.begin(new KeptFrame(0, 0), stepsOf(struct))
        for (const byte of out.whole) skim.feed(Uint8Array.of(byte), 0, 1)
        assert.ok(skim.isOver && skim.extraBytes === 0, label)
      }
    }
  }
})

test('values come back, null and negative ones too', () => {
  const struct = structOf('a:i64 b:str? c:[i16] d?[ e:bool f:f64 ] g:u32 h:i8', 0, true)
  const values = { a: '-9007199254740993', b: null, c: [-1, 7], d: [{ e: true, f: 0.5 }], g: 4_000_000_000, h: -3 }
  const out = new Bytes()
  encodeStruct(out, struct, values)
  assert.deepEqual(readStruct(new ByteReader(out.whole), struct, context()), values)
})

test('hostile bytes are read to their end and no further', () => {
  const structs = APIS.flatMap((api) => api === undefined ? [] : [structFor(api.key, api.maxVersion, true), structFor(api.key, 0, false)]).filter((struct) => struct !== undefined)
  fc.assert(fc.property(fc.constantFrom(...structs), fc.uint8Array({ maxLength: 200 }), (struct, bytes) => {
    const reader = new ByteReader(Buffer.from(bytes))
    readStruct(reader, struct, context())
    assert.ok(reader.at <= bytes.length)
  }), { numRuns: 1000 })
})

test('error codes have names and say whose fault it is', () => {
  assert.equal(errorName(0), 'NONE')
  assert.equal(errorName(-1), 'UNKNOWN_SERVER_ERROR')
  assert.equal(errorName(3), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(errorName(133), 'SHARE_SESSION_LIMIT_REACHED')
  assert.equal(errorName(999), 'error 999')
  assert.deepEqual(['NONE', 'TOPIC_AUTHORIZATION_FAILED', 'NOT_LEADER_OR_FOLLOWER', 'error 999'].map(outcomeOf), ['ok', 'client-error', 'server-error', 'server-error'])
})
