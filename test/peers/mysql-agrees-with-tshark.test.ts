import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { CAPTURES } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'
import { tapMessages } from './tap-messages.ts'
import { fieldsOf } from './tshark-fields.ts'

interface Column { name: string }
interface Request { command: string, query?: string, user?: string, database?: string, parameters?: { value?: unknown }[] }
interface Result { columns?: Column[], rows?: Record<string, unknown>[], rowCount?: number, affectedRows?: number, lastInsertId?: number }
interface Response { results?: Result[], parameters?: Column[], columns?: Column[], error?: { code: number, sqlState?: string }, serverVersion?: string, statementId?: number }
interface Said { what: string, status?: string | number, request?: Request, response?: Response }

const FIELDS = ['mysql.command', 'mysql.query', 'mysql.error_code', 'mysql.sqlstate', 'mysql.field.name', 'mysql.user', 'mysql.affected_rows', 'mysql.insert_id', 'mysql.version'] as const
/** Never answered, and so no message of ours. */
const SILENT = new Set(['1', '24', '25'])
/** From here on the numbers are tshark's own, for packets that are no commands: data of a file, answers to a challenge. */
const OWN_NUMBERS = 100
/** Without COM_RESET_CONNECTION, which tshark 4.0 does not name. */
const NUMBERS: Record<string, string> = {
  'init db': '2', query: '3', 'field list': '4', statistics: '9', ping: '14', 'change user': '17', 'binlog dump': '18', prepare: '22', execute: '23',
  'reset statement': '26', 'set option': '27', fetch: '28'
}

interface Difference { why: string, leave: (typeof FIELDS)[number][] }
/** Where we and tshark 4.0 differ on purpose. */
const DIFFERENCES: Record<string, Difference> = {
  'mysql-mariadb': { why: 'an error packet that is a progress report of MariaDB is an error to tshark', leave: ['mysql.error_code', 'mysql.sqlstate'] },
  'mysql-prepared': { why: 'tshark reads the rows of a COM_STMT_FETCH as OK packets', leave: ['mysql.insert_id'] },
}

async function ours(path: string): Promise<Said[]> {
  const { messages } = await tapMessages(path)
  return messages.map(({ message }) => message).filter((m) => m.protocol === 'mysql') as unknown as Said[]
}

const names = (columns: readonly Column[] | undefined): string[] => columns?.map(({ name }) => name) ?? []
const positive = (values: readonly (string | number | undefined)[]): string[] => values.map(String).filter((value) => Number(value) > 0)

async function compare(path: string, name: string, decodeAs?: string): Promise<Said[]> {
  const theirs = fieldsOf(path, decodeAs, FIELDS)
  const said = await ours(path)
  const { leave } = DIFFERENCES[name] ?? { leave: [] }
  const results = said.flatMap(({ response }) => response?.results ?? [])
  const same = (field: (typeof FIELDS)[number], value: readonly unknown[], their: readonly unknown[] = theirs[field]): void => {
    if (!leave.includes(field)) assert.deepEqual(value, their, `${name}: ${field}`)
  }
  same('mysql.command', said.flatMap(({ request }) => NUMBERS[request?.command ?? ''] ?? []), theirs['mysql.command'].filter((code) => !SILENT.has(code) && Number(code) < OWN_NUMBERS))
  const statements = theirs['mysql.query'].map((query) => query.replace('never-shown', '[redacted]'))
  same('mysql.query', said.filter(({ request }) => request?.command === 'query' || request?.command === 'prepare').map(({ request }) => request!.query), statements)
  same('mysql.error_code', said.flatMap(({ response }) => response?.error === undefined ? [] : [String(response.error.code)]))
  same('mysql.sqlstate', said.flatMap(({ response }) => response?.error?.sqlState ?? []))
  same('mysql.user', said.flatMap(({ request }) => request?.user ?? []))
  same('mysql.field.name', said.filter(({ request }) => request?.command !== 'fetch').flatMap(({ response }) => [...names(response?.parameters), ...names(response?.columns), ...response?.results?.flatMap((r) => names(r.columns)) ?? []]))
  same('mysql.affected_rows', positive(results.map((r) => r.affectedRows)), positive(theirs['mysql.affected_rows']))
  same('mysql.insert_id', positive(results.map((r) => r.lastInsertId)), positive(theirs['mysql.insert_id']))
  same('mysql.version', said.flatMap(({ response }) => response?.serverVersion ?? []))
  return said
}

for (const name of ['mysql-mariadb', 'mysql-prepared', 'mysql-logins']) {
  test(`${name}: what tshark says now`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    assert.ok((await compare(fixture(name), name, 'tcp.port==3310,mysql')).length > 3)
  })
}

const OTHERS = ['arkime/mysql-allow.pcap', 'arkime/mysql-deny.pcap', 'deepflow/mysql-database.pcap', 'deepflow/mysql-error.pcap', 'deepflow/mysql-login-error.pcap',
  'zeek/change-user-error.pcap', 'zeek/mysql-show-engine-innodb-status-no-password.pcap', 'zeek/mysql8-navicat-login-failed.pcap', 'zeek/plain-amazon-rds.pcap', 'zeek/query-attr.pcap']

for (const name of OTHERS) {
  test(`${name}: what tshark says`, async (t) => {
    const path = join(CAPTURES, name)
    if (!need(t, 'captures', existsSync(path), 'the folder ../shared/captures') || !need(t, 'peers', tsharkVersion(), 'tshark')) return
    assert.ok((await compare(path, name, 'tcp.port==20130,mysql')).length > 0)
  })
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/captures/${name}.pcap`, import.meta.url))
}

const KINDS = {
  id: 1, tiny: -3, small: 65000, big: '9007199254740993', f: 1.5, d: 2.25, day: '2026-02-03', at: '2026-02-03 04:05:06.000789', y: 2026, doc: '{"a":1}',
  raw: { hex: '00ff07' }, txt: 'Grüße', flags: { hex: '0101' }, kind: 'b', u: '00112233-4455-6677-8899-aabbccddeeff',
}

test('rows read alike as text and in binary', async () => {
  for (const [name, span] of [['mysql-mariadb', '-27:01:02.500'], ['mysql-prepared', '-27:01:02.500000']] as const) {
    const said = (await ours(fixture(name))).find(({ what, response }) => what.includes('FROM kinds') && response?.results !== undefined)!
    const [row, nulls] = said.response!.results![0]!.rows!
    assert.deepEqual(row, { ...KINDS, span })
    assert.ok(Object.entries(nulls!).every(([key, value]) => key === 'id' || value === null))
  }
})

test('parameters of an execution have the values that were sent', async () => {
  const [, , said] = await ours(fixture('mysql-prepared'))
  assert.deepEqual(said!.request!.parameters!.map(({ value }) => value), [-7, 'Grüße', 2.5, null, '2026-11-21 12:30:59', '-26:03:04', '18446744073709551615'])
})

test('what was compressed reads like what was not', async () => {
  const said = await ours(fixture('mysql-compressed'))
  assert.deepEqual(said.map(({ what, status }) => [what, status]), [['login app@shop', 'OK'], ['SELECT id, name FROM items', '5 rows'],
    ["SELECT REPEAT('compress me ', 400) AS long_text", '1 row'], ['SELECT 1', '1 row']])
  assert.equal(said[2]!.response!.results![0]!.rows![0]!['long_text'], 'compress me '.repeat(400))
})

test('passwords are redacted, in a login and in a statement; TLS is read on', async () => {
  const { messages } = await tapMessages(fixture('mysql-logins'))
  assert.ok(messages.some(({ message }) => message.protocol === 'tls'))
  const text = JSON.stringify((await tapMessages(fixture('mysql-mariadb'))).messages)
  assert.ok(!text.includes('never-shown') && text.includes("SET PASSWORD = PASSWORD('[redacted]')"))
  assert.ok(text.includes('"password":"[redacted]"'))
})

test('replication is told once it begins, and counted at its end', async () => {
  const said = await ours(fixture('mysql-binlog'))
  assert.deepEqual(said.slice(-2).map(({ what, status }) => [what, status]), [['binlog dump', 'OK'], ['binlog dump stream', 'streaming']])
})
