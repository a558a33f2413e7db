import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDescriptorSet, emptySchema } from '../protobuf/descriptor.ts'
import { descriptorSet, encoded } from '../protobuf/schema.fixture.ts'
import { WireReader } from '../protobuf/wire-reader.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { GRPC, callOf, framed, half, look } from './call.fixture.ts'

/** A length-delimited field. */
function field(number: number, bytes: Uint8Array): Buffer {
  const length = bytes.length
  return Buffer.concat([Buffer.from([number << 3 | 2, length & 0x7f | 0x80, length >> 7]), bytes])
}

function filesOf(set: Uint8Array): Uint8Array[] {
  const files: Uint8Array[] = []
  const reader = new WireReader(set)
  while (reader.at < set.length && reader.tag()) {
    const length = reader.length()
    files.push(set.subarray(reader.at, reader.at + length))
    reader.at += length
  }
  return files
}

test('what a reflection answer says decodes the messages that are read after it, whenever they were captured', () => {
  const settings = { ...DEFAULT_SETTINGS }
  const before = look(callOf(half(GRPC, framed(encoded('test.All', { aString: 'x' }))), undefined, '/test.Echo/Say'), settings)
  assert.ok(addDescriptorSet(emptySchema(), descriptorSet))
  const answer = field(4, Buffer.concat(filesOf(descriptorSet).map((file) => field(1, file))))
  const asked = callOf(half(GRPC, framed(Buffer.from([0x22, 1, 65]))), half(GRPC, framed(answer), { 'grpc-status': '0' }), '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo')
  const told = look(asked, settings)
  const { messages: [message] } = told.response as { messages: [{ value: { fileDescriptorResponse: { fileDescriptorProto: { package?: string, service?: unknown }[] } } }] }
  const file = message.value.fileDescriptorResponse.fileDescriptorProto.find((f) => f.package === 'test')
  assert.deepEqual(file?.service, [{ name: 'Echo', method: [{ name: 'Say', inputType: '.test.All', outputType: '.test.Known' }] }])
  assert.deepEqual((told.request as { messages: unknown[] }).messages, [{ bytes: 3, type: 'grpc.reflection.v1alpha.ServerReflectionRequest', value: { fileContainingSymbol: 'A' } }])
  const messages = (view: object | undefined): unknown => (view as { messages: unknown }).messages
  assert.deepEqual(messages(before.request), [{ bytes: 3, type: 'test.All', value: { aString: 'x' } }])
  const another = look(callOf(half(GRPC, framed(encoded('test.All', { aString: 'x' }))), undefined, '/test.Echo/Say'), { ...DEFAULT_SETTINGS })
  assert.equal((messages(another.request) as { type?: string }[])[0]!.type, undefined)
})
