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
import type { ASTNode } from './expression.ts'
import { parseFilter } from './filter.ts'
import { requiredText } from './required-text.ts'
import { someFilter } from './some-filter.fixture.ts'
import { toSql } from './sql.ts'

const NOW = 1.8e15

test('the part of a filter that SQLite answers never loses a message, and is all of it where it says so', () => {
  fc.assert(fc.property(fc.array(someRecord, { minLength: 1, maxLength: 12 }), fc.array(someFilter, { minLength: 1, maxLength: 6 }), (records, filters) => {
    const db = new DatabaseSync(':memory:')
    try {
      assert.ok(prepareSchema(db))
      assert.equal(new RecordWriter(db, 'run').write(linesOf(records)).messages, records.length)
      for (const text of filters) check(db, text)
    } finally {
      db.close()
    }
  }), { numRuns: 150 })
})

function check(db: DatabaseSync, text: string): void {
  const parsed = parseFilter(text, NOW)
  // A type that does not fit, such as a number compared with a text, is refused and not translated.
  if (!parsed.ok) return
  const reader = new RecordReader(db)
  const subject = new RowSubject(reader)
  const all = db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} FROM messages ORDER BY id`)
  all.setReturnArrays(true)
  const wanted = (all.all() as unknown as Columns[]).filter((columns) => {
    subject.set(columns)
    return parsed.filter.matches(subject)
  }).map((columns) => columns[0])
  const sql = toSql(parsed.filter.ast, NOW)
  const found = db.prepare(`SELECT id FROM messages WHERE ${sql.text} ORDER BY id`).all(...sql.values).map((row) => row.id as number)
  if (sql.exact) assert.deepEqual(found, wanted, text)
  else for (const id of wanted) assert.ok(found.includes(id), `${text} loses message ${id}: ${reader.line(id)}`)
  const required = requiredText(parsed.filter.ast)
  if (required !== undefined) for (const id of wanted) assert.ok(reader.page(id)!.idsWith(Buffer.from(required.text), required.part).includes(id), `${text} matches message ${id} without ${required.text}`)
}

test('what SQLite can answer alone is known', () => {
  const sqlOf = (text: string): { exact: boolean, text: string } => {
    const parsed = parseFilter(text, NOW)
    assert.ok(parsed.ok, text)
    return toSql(parsed.filter.ast, NOW)
  }
  for (const text of ['http && status_code >= 400', 'src.name == "web" || !(dst.port in [80, 443])', 'timestamp > now() - duration("5m")', 'what.contains("cart") && error', 'outcome == "ok"']) assert.ok(sqlOf(text).exact, text)
  for (const text of ['path == "/cart"', 'request.headers["a"] == "b"', '!(path == "/cart")', 'notes.exists(n, n.contains("cut"))']) assert.ok(!sqlOf(text).exact, text)
  assert.match(sqlOf('path == "/cart"').text, /instr\(what/)
  assert.deepEqual(requiredText(parsedAst('request.headers["x-id"] == "req-4711" && http')), { text: 'req-4711', part: 'request' })
  assert.deepEqual(requiredText(parsedAst('record.contains("req-4711") && path == "/a"')), { text: 'req-4711', part: 'any' })
  assert.equal(requiredText(parsedAst('request.headers["x-id"] == "req-4711" || http')), undefined)
  assert.deepEqual(requiredText(parsedAst('response.body.json.items[0].sku == 7')), { text: 'items', part: 'response' })
  assert.equal(requiredText(parsedAst('request.body.json["order-no"] < 7 || http')), undefined)
  for (const text of ['response.body.json.missing == null', 'response.body.json.missing != 7', '!(response.body.json.missing == 7)', 'response.body.json.missing == ""']) assert.equal(requiredText(parsedAst(text)), undefined, text)
})

function parsedAst(text: string): ASTNode | undefined {
  const parsed = parseFilter(text, NOW)
  assert.ok(parsed.ok)
  return parsed.filter.ast
}
