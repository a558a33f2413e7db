import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { FILTER_EXAMPLES } from '../store/filter/examples.ts'
import { parseFilter } from '../store/filter/filter.ts'
import type { Columns } from '../store/record-reader.ts'
import { RecordReader } from '../store/record-reader.ts'
import { RecordWriter } from '../store/record-writer.ts'
import { RowSubject } from '../store/row-subject.ts'
import { MESSAGE_COLUMNS, prepareSchema } from '../store/schema.ts'
import { jsonLine } from './json-line.ts'
import { messageTest } from './message-filter.ts'
import { tapFile } from './offline.ts'

const FOLDER = 'test/fixtures/captures/'
const CAPTURES = /^(http1-(nginx|broken|uploads)|http2-(node|ends)|grpc-unary|redis-types|dns-edns|tls12|kafka-produce|amqp-basics|postgres-psql|websocket-texts|graphql-node|mongodb-plain|memcached-text)\.pcap(ng)?$/
const FILTERS = [...FILTER_EXAMPLES.map(({ q }) => q), 'request_body_size > 100', 'response_body_size in [0, 13]', 'status == "OK"', 'record.contains("a")', 'path.contains("e")', 'notes.exists(n, true)', 'elapsed_time > 500', 'dns || tlsx', 'src.port > 40000']

test('a message on its way out and the same in the store are let through by the same filters', async () => {
  const files = readdirSync(FOLDER).filter((name) => CAPTURES.test(name))
  assert.ok(files.length > 10)
  const tests = FILTERS.map((text) => ({ text, live: messageTest(text), stored: parseFilter(text, Date.now() * 1000) }))
  let matched = 0
  for (const name of files) {
    const seen: { flow: FlowInfo, message: Message }[] = []
    await tapFile(FOLDER + name, { settings: DEFAULT_SETTINGS }, { message: (flow, message) => { seen.push({ flow, message }) } }, () => {})
    const db = new DatabaseSync(':memory:')
    assert.ok(prepareSchema(db))
    new RecordWriter(db, 'x').write(Buffer.from(seen.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
    const rows = db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} FROM messages ORDER BY id`)
    rows.setReturnArrays(true)
    const subject = new RowSubject(new RecordReader(db))
    for (const [i, columns] of (rows.all() as unknown as Columns[]).entries()) {
      subject.set(columns)
      for (const { text, live, stored } of tests) {
        assert.ok(stored.ok)
        const wanted = stored.filter.matches(subject)
        assert.equal(live(seen[i]!.flow, seen[i]!.message), wanted, `${name}: ${text}: ${subject.record.slice(0, 300)}`)
        if (wanted) matched++
      }
    }
    db.close()
  }
  assert.ok(matched > 500, String(matched))
})

test('a filter that is none is an error with its place', () => {
  assert.throws(() => messageTest('http && staus == 1'), { code: 'bad-filter', message: '--filter: there is no field staus, at character 9' })
})
