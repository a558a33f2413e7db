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

interface Column { name: string, typeOid: number }
interface Request { type: string, query?: string, steps?: string[], user?: string, processId?: number, parameters?: Record<string, string> }
interface Result { tag?: string, columns?: Column[], rowCount?: number, rows?: Record<string, unknown>[] }
interface Response { results?: Result[], columns?: Column[], error?: Fault, notices?: Fault[], processId?: number, parameters?: Record<string, string>, channel?: string }
interface Fault { code: string, message: string, severity: string, line?: number, routine?: string }
interface Said { what: string, at: string, request?: Request, response?: Response }

const FIELDS = ['pgsql.query', 'pgsql.tag', 'pgsql.code', 'pgsql.message', 'pgsql.col.name', 'pgsql.oid.type', 'pgsql.type', 'pgsql.pid', 'pgsql.routine'] as const

async function ours(path: string): Promise<Said[]> {
  const { messages } = await tapMessages(path)
  return messages.map(({ message }) => message).filter((m) => m.protocol === 'postgres') as unknown as Said[]
}

/** Those whose answer began with a row description of its own. */
function isDescribed({ request }: Said): boolean {
  return request?.type === 'query' || request?.steps?.includes('describe') === true
}

const faults = (said: readonly Said[]): Fault[] => said.flatMap(({ response }) => [...response?.notices ?? [], ...response?.error === undefined ? [] : [response.error]])

async function compare(path: string, decodeAs?: string): Promise<Said[]> {
  const theirs = fieldsOf(path, decodeAs, FIELDS)
  const said = await ours(path)
  const inOrder = said.toSorted((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0)
  const results = said.flatMap(({ response }) => response?.results ?? [])
  const columns = said.filter(isDescribed).flatMap(({ response }) => [...response?.columns ?? [], ...response?.results?.flatMap((r) => r.columns ?? []) ?? []])
  const statements = theirs['pgsql.query'].map((query) => query.replace('never-shown', '[redacted]'))
  assert.deepEqual(inOrder.filter(({ request }) => request?.type === 'query' || request?.steps?.includes('parse')).map(({ request }) => request!.query), statements)
  assert.deepEqual(results.flatMap(({ tag }) => tag ?? []), theirs['pgsql.tag'])
  assert.deepEqual(faults(said).map(({ code }) => code), theirs['pgsql.code'])
  assert.deepEqual(faults(said).map(({ message }) => message), theirs['pgsql.message'])
  assert.deepEqual(faults(said).map(({ routine }) => routine), theirs['pgsql.routine'])
  assert.deepEqual(columns.map(({ name }) => name), theirs['pgsql.col.name'])
  assert.equal(results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0), theirs['pgsql.type'].filter((type) => type === 'Data row').length)
  return said
}

for (const name of ['psql', 'extended', 'pgbench', 'logins']) {
  test(`postgres-${name}: what tshark says now`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const said = await compare(fixture(name), 'tcp.port==5433,pgsql')
    assert.ok(said.length > 5)
  })
}

/** tshark shows the same of these, as far as it goes. `joined late`: it names what it sees by itself. */
const OTHERS = ['arkime/postgres-badpass.pcap', 'arkime/postgres-good.pcap', 'arkime/postgres-no-sslrequest.pcap', 'zeek/psql-aws-ssl-disable.pcap']

for (const name of OTHERS) {
  test(`${name}: what tshark says`, async (t) => {
    const path = join(CAPTURES, name)
    if (!need(t, 'captures', existsSync(path), 'the folder ../shared/captures') || !need(t, 'peers', tsharkVersion(), 'tshark')) return
    assert.ok((await compare(path)).length > 0)
  })
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/captures/postgres-${name}.pcap`, import.meta.url))
}

test('what is no PostgreSQL on its port is not taken for it', async (t) => {
  const path = join(CAPTURES, 'zeek/http-on-port-5432.pcap')
  if (!need(t, 'captures', existsSync(path), 'the folder ../shared/captures')) return
  assert.deepEqual(await ours(path), [])
})

test('binary parameters and rows have the values that were sent', async () => {
  const said = (await ours(fixture('extended'))).find(({ what }) => what.includes('AS big'))!
  const values = {
    big: '9007199254740993', yes: true, f: Math.PI, id: '00112233-4455-6677-8899-aabbccddeeff', at: '2025-05-08 06:13:20.123456', raw: { hex: '00ff07' },
    num: '-12345.567', none: null, d: '2024-08-22',
  }
  assert.deepEqual(said.response!.results![0]!.rows, [values])
  assert.deepEqual((said.request!.parameters as unknown as { value: unknown }[]).map(({ value }) => value), Object.values(values))
})

test('passwords are redacted, in a login and in a statement', async () => {
  const { messages } = await tapMessages(fixture('logins'))
  const text = JSON.stringify(messages) + JSON.stringify((await tapMessages(fixture('psql'))).messages)
  assert.ok(!text.includes('plain-secret') && !text.includes('never-shown'))
  assert.ok(text.includes(`"password":"[redacted]"`) && text.includes("ALTER ROLE app PASSWORD '[redacted]'"))
})

test('encryption, a cancel request and a replication stream', async () => {
  const { messages } = await tapMessages(fixture('logins'))
  assert.ok(messages.some(({ message }) => message.protocol === 'tls'))
  const said = await ours(fixture('logins'))
  const cancelled = said.find(({ what }) => what.startsWith('cancel process'))!
  assert.equal(cancelled.request!.processId, said.filter(({ what }) => what === 'login admin@shop').at(-1)!.response!.processId)
  const stream = (await ours(fixture('replication'))).at(-1)!
  assert.equal(stream.what, 'replication stream')
  assert.ok((stream.request as unknown as { messages: number }).messages > 0)
})
