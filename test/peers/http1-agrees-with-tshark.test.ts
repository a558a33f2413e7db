import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout, fixtures } from './capture-list.ts'
import { DECODE_AS } from './golden.ts'
import type { Golden } from './golden.ts'
import { tsharkVersion } from './pdml.ts'
import { tapHttp1 } from './tap-http1.ts'
import { tapMessages } from './tap-messages.ts'
import { tsharkHttp1 } from './tshark-http1.ts'
import type { Http1Stream, RequestView, ResponseView } from './tshark-http1.ts'

type Half = RequestView | ResponseView

interface Difference {
  why: string
  /** The rest, that must be equal. */
  half?: (half: Half) => Half
  keep?: (half: Half, index: number) => boolean
}

/** Where we and tshark differ on purpose: what is left out of the comparison, and why. */
const DIFFERENCES: Record<string, Difference> = {
  'http1-packed': {
    why: 'tshark 4.0 has no zstd and shows no body then',
    half: (half) => {
      if (!half.headers.some(([name, value]) => name === 'content-encoding' && value === 'zstd')) return half
      const { body: _, ...rest } = half
      return rest as Half
    },
  },
  'http1-small-segments': {
    why: 'tshark 4.0 reads one trailer a segment',
    half: (half) => half.trailers === undefined ? half : { ...half, trailers: half.trailers.slice(0, 1) },
  },
  'http1-connect': {
    why: 'we read on inside the tunnel of CONNECT, tshark only where its port is one of HTTP',
    keep: (_, index) => index === 0,
  },
  'http1-broken': {
    why: 'a line without colon is no header to tshark, to us it is a name; and it knows no request after empty lines',
    half: (half) => ({ ...half, headers: half.headers.filter(([name]) => !name.includes(' ')) }),
    keep: (half) => !half.headers.some(([, value]) => value === 'bare'),
  },
}

/** Captures of other projects that hold what we do not read. */
const NOT_READ: Record<string, string> = {
  'tcpdump/arcnet-rfc1051-arp-icmp-http.pcap': 'ARCNET is no link type of ours',
  'tcpdump/arcnet-rfc1201-arp-icmp-http.pcap': 'ARCNET is no link type of ours',
}

/** Both may lack pairs: tshark names none where several requests share a packet. What it names, we must have paired alike. */
function compare(ours: readonly Http1Stream[], theirs: readonly Http1Stream[], name: string): void {
  const difference = DIFFERENCES[name]
  const view = ({ client, server, requests, responses }: Http1Stream): unknown => {
    const halves = (list: readonly Half[]): Half[] => list.filter(difference?.keep ?? Boolean).map(difference?.half ?? ((half) => half))
    return { client, server, requests: halves(requests), responses: halves(responses) }
  }
  assert.deepEqual(ours.map(view), theirs.map(view), name)
  theirs.forEach(({ pairs }, i) => {
    const made = new Set(ours[i]!.pairs.map(String))
    for (const pair of pairs) assert.ok(made.has(String(pair)), `${name}: request ${pair[0]} belongs to response ${pair[1]}`)
  })
}

for (const { name, path, golden } of fixtures('http1')) {
  test(`${name}: what tshark said when it was made`, async () => {
    const { streams } = JSON.parse(readFileSync(golden, 'utf8')) as Golden<Http1Stream>
    assert.ok(streams.length > 0)
    compare(await tapHttp1(path), streams, name)
  })

  test(`${name}: what tshark says now`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    compare(await tapHttp1(path), tsharkHttp1(path, DECODE_AS), name)
  })
}

for (const name of capturesAbout('http1')) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = join(CAPTURES, name)
    if (name in NOT_READ) assert.deepEqual(await tapHttp1(path), [], NOT_READ[name])
    else compare(await tapHttp1(path), tsharkHttp1(path), name)
  })
}

test('captures of other projects are there', (t) => {
  if (!need(t, 'captures', capturesAbout('http1').length > 0, 'the folder ../shared/captures')) return
  assert.ok(capturesAbout('http1').length > 30)
})

function fixture(name: string): string {
  return fixtures('http1').find((f) => f.name === name)!.path
}

test('every content coding gives back the same body', async () => {
  const [{ responses }] = await tapHttp1(fixture('http1-packed')) as [Http1Stream]
  assert.equal(responses.length, 6)
  assert.deepEqual(new Set(responses.map((r) => r.body?.sha256)).size, 1)
  assert.equal(new Set(responses.map((r) => r.packedBytes)).size, 6)
})

test('what is cut off is shown, with the reason', async () => {
  const { messages, health } = await tapMessages(fixture('http1-broken'))
  const lines = messages.map(({ message: m }) => [m.what, m.status, m.complete, m.notes?.join('; ') ?? ''])
  assert.deepEqual(lines.map(([what, status, complete]) => [what, status, complete]), [
    ['GET /short', 200, false], ['GET /', 400, true], ['POST /never', 400, false], ['GET /half', 400, false], ['GET /json', 400, true],
  ])
  assert.match(String(lines[0]![3]), /response: .*within the body/)
  assert.match(String(lines[2]![3]), /request: .*within the body/)
  assert.match(String(lines[3]![3]), /request: .*within the head/)
  assert.match(String(lines[4]![3]), /end without CR; .*empty lines/)
  assert.equal(health.gaps, 0)
})

test('what is inside a CONNECT tunnel is read on', async () => {
  const [tunnel, direct] = await tapHttp1(fixture('http1-connect')) as [Http1Stream, Http1Stream]
  assert.deepEqual(tunnel.requests.map((r) => `${r.method} ${r.uri}`), ['CONNECT shop.example:8080', 'GET /json'])
  assert.deepEqual(tunnel.responses[1]!.body, direct.responses[0]!.body)
})

test('pipelined requests are paired in order', async () => {
  const streams = await tapHttp1(fixture('http1-pipelined'))
  assert.deepEqual(streams.map((s) => s.pairs), [[[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]], [[0, 0], [1, 1], [2, 2]]])
  const statuses = streams.flatMap((s) => s.pairs.map(([q, r]) => `${s.requests[q]!.uri} ${s.responses[r]!.status}`))
  assert.deepEqual(statuses, ['/json 200', '/empty 204', '/length 200', '/trailers 200', '/none 404', '/a 200', '/b 200', '/json 200'])
})
