import assert from 'node:assert/strict'
import test from 'node:test'
import type { CheckReport } from '../check/verdict.ts'
import { MtlscopeError } from '../base/errors.ts'
import { runCheckFile } from './check-file.ts'
import { planCheck } from './check-plan.ts'

const CAPTURES = new URL('../../test/fixtures/captures/', import.meta.url)

function check(name: string, filter?: string): Promise<CheckReport> {
  const read = new URL(name, CAPTURES).pathname
  return runCheckFile(read, planCheck({ procfs: '/proc', output: 'json', read, ...(filter !== undefined && { filter }) }), new AbortController().signal)
}

const edgesOf = ({ edges }: CheckReport): string[] => edges.map(({ client, server, port, verdict, connections }) => `${client} ${server}:${port} ${verdict} ${JSON.stringify(connections)}`)

test('an edge is chosen by one message, and judged by all: a filter never makes a verdict better', async () => {
  const whole = await check('mysql-logins.pcap')
  assert.equal(whole.filter, undefined)
  for (const filter of ['tlsx', 'mysql', 'tlsx_version == "TLS 1.3"', 'dst.port == 3310', 'mysql && what.contains("modern")']) {
    const report = await check('mysql-logins.pcap', filter)
    assert.deepEqual(edgesOf(report), edgesOf(whole), filter)
    assert.equal(report.filter, filter)
    assert.match(report.notes.at(-1)!, /^a filter is on \(.*\): 1 of 1 edges have a message that it lets through, and are judged by all that was seen of them$/)
  }
})

test('edges without such a message are left out, and the report counts what they are', async () => {
  const whole = await check('http1-haproxy.pcap')
  assert.equal(whole.edges.length, 2)
  const report = await check('http1-haproxy.pcap', 'dst.port == 8088 && path.startsWith("/json")')
  assert.deepEqual(edgesOf(report), edgesOf(whole).filter((text) => text.includes(':8088')))
  assert.match(report.notes.at(-1)!, /: 1 of 2 edges .*; left out: 1 plaintext$/)
  const none = await check('http1-haproxy.pcap', 'grpc')
  assert.deepEqual(none.edges, [])
  assert.match(none.notes.at(-1)!, /: 0 of 2 edges .*; left out: 2 plaintext$/)
})

test('a filter that is none is refused before anything is read', () => {
  assert.throws(() => planCheck({ procfs: '/proc', output: 'text', read: 'x.pcap', filter: 'tlsx &&' }), (error) => error instanceof MtlscopeError && error.code === 'bad-filter')
})
