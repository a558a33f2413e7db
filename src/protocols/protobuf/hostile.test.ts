import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { DEFAULT_REDACTION, redactorOf } from '../redaction.ts'
import { decodeMessage } from './decode.ts'
import { guessMessage } from './guess.ts'
import { MAX_LEARNED_BYTES, MAX_LEARNED_FILES } from './limits.ts'
import { descriptorSet, encoded, schemas } from './schema.fixture.ts'
import { Schemas } from './schemas.ts'
import descriptor from 'protobufjs/ext/descriptor.js'

const redactor = redactorOf({ ...DEFAULT_REDACTION, texts: ['a'] })
const { FileDescriptorProto } = descriptor

function file(value: object): Uint8Array {
  return FileDescriptorProto.encode(FileDescriptorProto.fromObject(value)).finish()
}

test('no bytes make a decoder throw', () => {
  const samples = [encoded('test.All', { aString: 'text', inner: { id: 1, again: { byName: { x: {} } } }, packed: [1, 2] }), encoded('test.Known', { struct: { fields: { a: { numberValue: 1 } } }, any: { type_url: 'x/test.Known', value: encoded('test.Known', { truth: {} }) } })]
  const mutated = fc.tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })).map(([bytes, changes]) => {
    const copy = Uint8Array.from(bytes)
    for (const [at, byte] of changes) copy[at % copy.length] = byte
    return copy
  })
  fc.assert(fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), fc.boolean(), (bytes, isCut) => {
    JSON.stringify([guessMessage(bytes, redactor, isCut), ...['test.All', 'test.Known'].map((type) => decodeMessage(bytes, schemas.message(type)!, schemas, redactor, isCut))])
  }), { numRuns: 2000 })
})

test('a captured descriptor may be broken anywhere', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }), fc.uint8Array({ maxLength: 60 }), (changes, bytes) => {
    const copy = Uint8Array.from(descriptorSet)
    for (const [at, byte] of changes) copy[at % copy.length] = byte
    const learning = new Schemas({ descriptorSets: [copy] })
    learning.learn(copy.subarray(3))
    learning.learn(bytes)
    const type = learning.message('test.All')
    if (type !== undefined) decodeMessage(encoded('test.All', { aString: 'x', inner: { id: 3 }, byName: { a: {} } }), type, learning, redactor)
  }), { numRuns: 200 })
})

test('names of a captured descriptor reach no prototype', () => {
  const learning = new Schemas(undefined)
  const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty']
  const field = (name: string, number: number): object => ({ name, jsonName: name, number, label: 1, type: 11, typeName: '.evil.M' })
  const entry = { name: 'E', options: { mapEntry: true }, field: [{ name: 'key', number: 1, label: 1, type: 11, typeName: '.evil.M' }, { name: 'value', number: 2, label: 1, type: 9 }] }
  const map = { name: '__proto__', jsonName: '__proto__', number: 9, label: 3, type: 11, typeName: '.evil.M.E' }
  learning.learn(file({ name: 'e.proto', package: 'evil', messageType: [{ name: 'M', field: [...names.map((name, i) => field(name, i + 1)), map], nestedType: [entry] }] }))
  const type = learning.message('evil.M')!
  assert.equal(type.fields.size, names.length + 1)
  const bytes = Buffer.from([...names.flatMap((_, i) => [(i + 1) << 3 | 2, 2, 0x12, 0, (i + 1) << 3 | 2, 2, 0x1a, 0]), 0x4a, 7, 0x0a, 2, 0x22, 0, 0x12, 1, 65, 0x4a, 3, 0x12, 1, 66])
  const decoded = decodeMessage(bytes, type, learning, redactor)
  assert.ok(decoded !== undefined)
  JSON.stringify(decoded)
  assert.deepEqual(Object.keys(Object.prototype), [])
  assert.deepEqual([Object.keys(Object), Object.keys(Object.prototype.toString)], [[], []])
})

test('a captured descriptor changes no well-known type', () => {
  const learning = new Schemas(undefined)
  const paths = { name: 'paths', number: 1, label: 3, type: 11, typeName: '.google.protobuf.Odd' }
  learning.learn(file({ name: 'm.proto', package: 'google.protobuf', messageType: [{ name: 'FieldMask', field: [paths] }, { name: 'Odd' }] }))
  assert.equal(learning.message('google.protobuf.FieldMask'), schemas.message('google.protobuf.FieldMask'))
  assert.ok(learning.message('google.protobuf.Odd') !== undefined)
})

test('what is learned is bounded, and the same twice costs nothing', () => {
  const learning = new Schemas(undefined)
  const large = (i: number): Uint8Array => file({ name: `${i}.proto`, package: 'p'.repeat(1024 * 1024), messageType: [{ name: `M${i}` }] })
  const fitting = Math.floor(MAX_LEARNED_BYTES / large(0).length)
  for (let i = 0; i < fitting; i++) assert.ok(learning.learn(large(i)))
  assert.ok(!learning.learn(large(fitting)))
  assert.ok(learning.learn(large(0)))
  const many = new Schemas(undefined)
  for (let i = 0; i < MAX_LEARNED_FILES; i++) assert.ok(many.learn(file({ name: `${i}.proto` })))
  assert.ok(!many.learn(file({ name: 'one more.proto' })))
})

