import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { CompareAnswer } from '../model/api.ts'
import { record } from '../store/record.fixture.ts'
import type { FileState } from './file-reading.ts'
import { mismatch, openTestHub } from './hub.fixture.ts'

const state = (name: string): FileState => ({ name, path: `/nowhere/${name}`, reading: false, hasEnd: true, readBytes: 0, hasPackets: false })

function call(file: number, method: string, path: string, second: number): object {
  return record({ flow: `${file}.${method}${path}`, at: `2026-11-21T12:00:0${second}.000000Z`, what: `${method} ${path}`, request: { method, path, headers: [] } })
}

/** The file after.pcap has GET and POST of /cart, before.pcap GET and POST of /cart and GET of /old, a second later. */
async function openTwo(t: TestContext): Promise<(query: Readonly<Record<string, string>>) => Promise<CompareAnswer>> {
  const { hub, add, get } = await openTestHub(t)
  hub.files.push(state('after.pcap'), state('before.pcap'))
  await add([call(1, 'GET', '/cart', 1), call(1, 'POST', '/cart', 1), call(2, 'GET', '/cart', 2), call(2, 'POST', '/cart', 2), call(2, 'GET', '/old', 2)])
  return async (query) => {
    const answer = await get(`/compare?${String(new URLSearchParams(query))}`) as CompareAnswer
    assert.equal(mismatch('CompareAnswer', answer), '')
    return answer
  }
}

const changes = ({ entries }: CompareAnswer): string[] => entries.map(({ operation, change }) => `${operation} ${change}`).sort()

test('a filter for the other file is of that one alone, one for both where it has none', async (t) => {
  const compare = await openTwo(t)
  const file = 'before.pcap'
  assert.deepEqual(changes(await compare({ file })), ['GET /cart same', 'GET /old gone', 'POST /cart same'])
  const other = await compare({ file, otherQ: 'method == "POST" || path == "/old"' })
  assert.deepEqual(changes(other), ['GET /cart new', 'GET /old gone', 'POST /cart same'])
  assert.deepEqual([other.here, other.other], ['after.pcap', 'before.pcap, method == "POST" || path == "/old"'])
  assert.deepEqual(changes(await compare({ file, q: 'method == "POST"' })), ['POST /cart same'])
  assert.deepEqual(changes(await compare({ file, q: 'method == "GET"', otherQ: 'method == "POST"' })), ['GET /cart new', 'POST /cart gone'])
})

test('a range for the other file is of that one alone', async (t) => {
  const compare = await openTwo(t)
  const atMicros = (second: number): string => String(Date.parse(`2026-11-21T12:00:0${second}Z`) * 1000)
  const now = { file: 'before.pcap', from: atMicros(1), to: atMicros(2) }
  assert.deepEqual(changes(await compare(now)), ['GET /cart new', 'POST /cart new'])
  assert.deepEqual(changes(await compare({ ...now, otherFrom: atMicros(2), otherTo: atMicros(3) })), ['GET /cart same', 'GET /old gone', 'POST /cart same'])
})

test('an error in the filter of the other file is told', async (t) => {
  const { get, hub } = await openTestHub(t)
  hub.files.push(state('a'), state('b'))
  assert.equal((await get(`/compare?file=b&otherQ=${encodeURIComponent('(((')}`) as { code: string }).code, 'bad-filter')
})
