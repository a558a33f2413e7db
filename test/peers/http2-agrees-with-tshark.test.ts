import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'
import { tapHttp2 } from './tap-http2.ts'
import { tapMessages } from './tap-messages.ts'
import { tsharkHttp2 } from './tshark-http2.ts'
import type { Http2Half, Http2Reading } from './tshark-http2.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const DECODE_AS = ['-d', 'tcp.port==8088,http']

/** Our own captures that tshark cannot read alike, and why. */
const NOT_COMPARED: Record<string, string> = {
  'http2-late.pcap': 'tshark has nothing to say of a connection without its start',
}

/** Captures of other projects that hold no HTTP/2 that can be read, or that we show otherwise on purpose. */
const NOT_READ: Record<string, string> = {
  'arkime/ssh2-moloch-crash.pcap': 'the index says HTTP/2, it is SSH',
  'arkime/ssh2.pcap': 'the index says HTTP/2, it is SSH',
  'zeek/ssh1-ssh2-fingerprints.pcap': 'the index says HTTP/2, it is SSH',
  'arkime/tls-alpn-h2.pcap': 'inside TLS',
  'suricata-verify/http2_userinfo_in_authority_1.pcap': 'user information in :authority is redacted here',
}

const own = readdirSync(FIXTURES).filter((file) => file.startsWith('http2-') && /\.pcap(ng)?$/.test(file)).toSorted()

interface Difference { why: string, half: (key: string, half: Http2Half) => Http2Half | undefined }

/** Where we and tshark differ on purpose: what is compared instead, and why. */
const DIFFERENCES: Record<string, Difference> = {
  'suricata-verify/dns_over_https.pcap': {
    why: 'the response of stream 7 crossed its RST_STREAM on the way, and the stream is told by then',
    half: (key, half) => key.startsWith('7 8.8.4.4') ? undefined : half,
  },
  'http2-nghttpd.pcap': {
    why: 'tshark 4.0 reads no frame of a client from its HEADERS of 16 KiB on, which go on in CONTINUATION; and a RST_STREAM behind the end of a pushed stream says nothing',
    half: (key, half) => key.startsWith('13 10.98.0.1') ? undefined : { ...half, reset: undefined },
  },
  'suricata-verify/http2_deflate.pcap': {
    why: 'a RST_STREAM with NO_ERROR behind the end of a stream says nothing',
    half: (_, half) => ({ ...half, reset: undefined }),
  },
}

function plain(halves: Map<string, Http2Half>, other: Map<string, Http2Half>, difference: Difference | undefined): unknown {
  return [...halves].flatMap(([key, all]) => {
    const half = difference === undefined ? all : difference.half(key, all)
    if (half === undefined || (half.blocks.length === 0 && half.bodyBytes === 0 && half.reset === undefined)) return []
    return [[key, { ...half, body: other.get(key)?.body === undefined ? undefined : half.body }] as const]
  }).toSorted(([a], [b]) => a < b ? -1 : 1)
}

function compare(ours: Http2Reading, theirs: Http2Reading, name: string): void {
  const difference = DIFFERENCES[name]
  assert.deepEqual(plain(ours.halves, theirs.halves, difference), plain(theirs.halves, ours.halves, difference))
  assert.deepEqual(ours.goaways, theirs.goaways)
}

for (const file of own) {
  test(`${file}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    if (file in NOT_COMPARED) return
    const theirs = tsharkHttp2(join(FIXTURES, file), DECODE_AS)
    assert.ok(theirs.halves.size > 0)
    compare(await tapHttp2(join(FIXTURES, file)), theirs, file)
  })
}

for (const name of capturesAbout('http2')) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    if (name in NOT_READ) return
    const theirs = tsharkHttp2(join(CAPTURES, name), [])
    assert.ok(theirs.halves.size > 0)
    compare(await tapHttp2(join(CAPTURES, name)), theirs, name)
  })
}

test('captures of other projects are there', (t) => {
  if (!need(t, 'captures', capturesAbout('http2').length > 0, 'the folder ../shared/captures')) return
  assert.ok(capturesAbout('http2').length >= 9)
})

const lines = async (file: string): Promise<string[]> => {
  const { messages } = await tapMessages(join(FIXTURES, file))
  return messages.map(({ message: m }) => `${m.what} ${m.status ?? '-'} ${m.complete ? 'complete' : m.notes?.[0]}`)
}

test('a connection whose start was missed is read, what cannot be known is said to be unknown', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'http2-late.pcap'))
  const unknown = 'request: some header fields are unknown: the table entries that they refer to were not captured'
  assert.deepEqual(messages.map(({ message: m }) => [m.what, m.status, m.complete, m.notes?.includes(unknown)]), [
    ['GET /json', 200, false, true], ['GET /empty', 204, false, true], ['GET /trailers', 200, false, true], ['GET /other?new=1', 404, false, true],
    ['GET /error', undefined, false, true], ['GET /other?new=1', 404, false, true],
  ])
  const text = JSON.stringify(messages)
  assert.match(text, /\[unknown: table entry \d+ was sent before the capture began\]/)
})

test('streams that end by RST_STREAM and GOAWAY say so', async () => {
  assert.deepEqual(await lines('http2-ends.pcap'), [
    'GET /refused REFUSED_STREAM reset by the server: REFUSED_STREAM', 'GET /forever 200 reset by the client: CANCEL',
    'GET /broken INTERNAL_ERROR reset by the server: INTERNAL_ERROR', 'GET /json 200 complete', 'GOAWAY after stream 3 ENHANCE_YOUR_CALM complete',
    'GET /forever 200 response: the connection ends before the stream does', 'GET /calm - no response was captured',
  ])
})

test('events are shown as they come', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'http2-events.pcap'))
  assert.deepEqual(messages.map(({ message: m }) => (m.response as { part: number }).part), [1, 2, 3])
  assert.deepEqual(messages.map(({ message: m }) => m.notes?.[0]), ['still open', 'still open', 'ends the stream'])
  assert.match(JSON.stringify(messages[1]), /"data":"4"/)
})

test('a request that came by Upgrade is stream 1', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'http2-upgrade.pcap'))
  assert.deepEqual(messages.slice(0, 3).map(({ message: m }) => [m.protocol, m.what, m.status]), [
    ['http1', 'GET /index.html?first', 101], ['http2', 'GET /index.html?first', 200], ['http2', 'GET /words.txt', 200],
  ])
})

test('a header block in CONTINUATION frames, with trailers behind the body: what tshark cannot read', async () => {
  const { halves } = await tapHttp2(join(FIXTURES, 'http2-nghttpd.pcap'))
  const half = [...halves].find(([key]) => key.startsWith('13 10.98.0.1 42526'))![1]
  assert.equal(half.blocks[0]!.filter((line) => /^continuation-test-\d: -{4000,}$/.test(line)).length, 6)
  assert.deepEqual([half.blocks[1], half.bodyBytes], [['x-end: yes'], 720])
})
