import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import fc from '#property'
import { RecordReader } from '../record-reader.ts'
import type { Columns } from '../record-reader.ts'
import { RecordWriter } from '../record-writer.ts'
import { linesOf, someRecord } from '../record.fixture.ts'
import { RowSubject } from '../row-subject.ts'
import { MESSAGE_COLUMNS, prepareSchema } from '../schema.ts'
import { columnsNeeded, columnsOf } from './columns-needed.ts'
import { FIELDS } from './fields.ts'
import { parseFilter } from './filter.ts'

test('every field reads no column but those that it is said to need', () => {
  fc.assert(fc.property(fc.array(someRecord, { minLength: 1, maxLength: 4 }), (records) => {
    const db = new DatabaseSync(':memory:')
    try {
      assert.ok(prepareSchema(db))
      new RecordWriter(db, 'run').write(linesOf(records))
      const reader = new RecordReader(db)
      const all = db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} FROM messages ORDER BY id`)
      all.setReturnArrays(true)
      for (const columns of all.all() as unknown as Columns[]) checkFields(reader, columns)
    } finally {
      db.close()
    }
  }), { numRuns: 40 })
})

function checkFields(reader: RecordReader, columns: Columns): void {
  const whole = new RowSubject(reader)
  whole.set(columns)
  for (const field of FIELDS) {
    const names = ['id', ...columnsOf(field)] as const
    const some = new RowSubject(reader)
    some.setSome(names, names.map((name) => columns[MESSAGE_COLUMNS.indexOf(name)]!))
    assert.deepEqual(JSON.stringify(field.get(some)), JSON.stringify(field.get(whole)), field.name)
  }
}

test('the columns of a filter are those of its fields', () => {
  const of = (text: string): string[] => {
    const parsed = parseFilter(text, 0)
    assert.ok(parsed.ok, text)
    return [...columnsNeeded(parsed.filter.ast)].sort()
  }
  assert.deepEqual(of('size(request.headers) > 3'), [])
  assert.deepEqual(of('path == "/" && src.name == "web"'), ['flow', 'protocol'])
  assert.deepEqual(of('notes.exists(n, n == what) || int(status) > 3'), ['code', 'status', 'what'])
})
