import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from '#property'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { APIS, structFor } from './apis.ts'
import { ByteReader } from './byte-reader.ts'
import { NO_ERROR } from './errors.ts'
import type { Struct } from './schema.ts'
import { topicNamesOf } from './topic-names.ts'
import { readStruct } from './values.ts'
import { namesTopics, walkStruct } from './walk.ts'

const ANSWERS = APIS.flatMap((api) => api === undefined ? [] : Array.from({ length: api.maxVersion + 1 }, (_, version) => structFor(api.key, version, false)))
  .filter((struct): struct is Struct => struct !== undefined)

test('a walk ends where reading ends, and finds the same error', () => {
  const redactor = redactorOf(DEFAULT_SETTINGS.redaction)
  const bytes = fc.array(fc.oneof({ weight: 6, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(255) }), { maxLength: 120 })
  let whole = 0
  fc.assert(fc.property(fc.constantFrom(...ANSWERS), bytes, (struct, list) => {
    const read = new ByteReader(Buffer.from(list))
    const walked = new ByteReader(read.bytes)
    const budget = { bytes: 0, limitBytes: 0, redactor }
    const context = { names: topicNamesOf(DEFAULT_SETTINGS).of('a'), redactor, spans: [], span: 0, error: NO_ERROR, budget, isForLine: false }
    const walk = { spans: [], span: 0, error: NO_ERROR }
    readStruct(read, struct, context)
    walkStruct(walked, struct, walk)
    assert.deepEqual([walked.ok, walked.at, walk.error], [read.ok, read.at, context.error])
    if (read.ok) whole++
  }), { numRuns: 5000 })
  assert.ok(whole > 50)
})

test('answers that name topics by their ids are told apart', () => {
  assert.equal(namesTopics(structFor(3, 12, false)!), true)
  assert.equal(namesTopics(structFor(0, 13, false)!), false)
  assert.equal(namesTopics(structFor(18, 3, false)!), false)
})
