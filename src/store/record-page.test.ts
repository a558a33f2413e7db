import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import fc from '#property'
import { RecordReader } from './record-reader.ts'
import { RecordWriter } from './record-writer.ts'
import { linesOf, record, someRecord } from './record.fixture.ts'
import { RowSubject } from './row-subject.ts'
import { prepareSchema } from './schema.ts'

function readerOf(lines: Buffer, count: number): RecordReader {
  const db = new DatabaseSync(':memory:')
  assert.ok(prepareSchema(db))
  assert.equal(new RecordWriter(db, 'run').write(lines).messages, count)
  return new RecordReader(db)
}

function linesBack(lines: Buffer, count: number): string {
  const reader = readerOf(lines, count)
  return Array.from({ length: count }, (_, i) => `${reader.line(i + 1)}\n`).join('')
}

test('records come back byte for byte, whatever halves they have', () => {
  fc.assert(fc.property(fc.array(someRecord, { minLength: 1, maxLength: 20 }), fc.nat(3), (records, n) => {
    const lines = linesOf(records.map((one, i) => {
      const { request, response, ...rest } = one
      return (i + n) % 4 === 0 ? one : (i + n) % 4 === 1 ? { ...rest, response, request } : (i + n) % 4 === 2 ? { ...rest, request } : rest
    }))
    assert.equal(linesBack(lines, records.length), lines.toString())
  }))
})

test('bytes that stand for a half elsewhere, which no JSON has, change nothing', () => {
  const text = JSON.stringify(record({ what: 'GET /MARK' }))
  const lines = Buffer.from(`${text.replace('MARK', '\x01')}\n${text.replace('MARK', '\x02\x01')}\n${text}\n`)
  assert.equal(linesBack(lines, 3), lines.toString())
  const subject = new RowSubject(readerOf(lines, 3))
  subject.setRecord(2)
  assert.equal(JSON.stringify(subject.request), JSON.stringify(record().request))
})

test('a text is found in the lines that have it', () => {
  const reader = readerOf(linesOf([record({ what: 'GET /tea' }), record({ request: { a: 'tea and tea' } }), record(), record({ response: { a: 'no tea' } })]), 4)
  const page = reader.page(1)!
  assert.deepEqual(page.idsWith(Buffer.from('tea'), 'any'), [1, 2, 3, 4])
  assert.deepEqual(page.idsWith(Buffer.from('tea'), 'request'), [2])
  assert.deepEqual(page.idsWith(Buffer.from('tea'), 'response'), [1, 2, 3, 4])
  assert.deepEqual(page.idsWith(Buffer.from('coffee'), 'any'), [])
})

test('a record larger than a page is a page', () => {
  const lines = linesOf([record(), record({ request: { text: 'x'.repeat(3_000_000) } }), record()])
  assert.equal(linesBack(lines, 3), lines.toString())
})
