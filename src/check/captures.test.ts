import assert from 'node:assert/strict'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { framesByPorts, judgeFrames } from '../../test/netns/check-cells.ts'
import type { CapturedFrame } from '../../test/netns/check-cells.ts'
import { checkCapture } from './check-capture.fixture.ts'
import { countsText } from './edge-verdict.ts'
import type { EdgeReport } from './verdict.ts'

const CAPTURES = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url))

/** Real peers: capture, key log, then `edge: connections of each verdict, refused` in the order of the report. */
const EXPECTED: readonly (readonly [capture: string, keyLog: string | undefined, ...edges: string[]])[] = [
  ['tls12-mutual.pcapng', undefined, '8443: 1 mtls, 2 refused'],
  ['tls13-mutual.pcapng', undefined, '8443: 1 mtls (inferred), 1 refused'],
  ['tls-envoy.pcap', undefined, '15006: 1 mtls (inferred), 0 refused'],
  ['tls12.pcap', undefined, '8443: 5 tls, 0 refused'],
  ['tls13.pcap', undefined, '8443: 2 tls, 0 refused'],
  ['tls12-session-id.pcap', undefined, '8443: 2 tls, 0 refused'],
  ['tls13-early-data.pcap', undefined, '8443: 2 tls, 0 refused'],
  ['tls13-retry.pcap', undefined, '8443: 1 tls, 0 refused'],
  ['tls13-post-quantum.pcap', undefined, '8443: 1 mtls (inferred), 0 refused'],
  ['tls10.pcap', undefined, '8443: 2 tls, 0 refused'],
  ['tls-alerts.pcap', undefined, '8443: , 4 refused'],
  ['decrypted-13-mutual.pcap', undefined, '8443: 2 mtls (inferred), 2 refused'],
  ['decrypted-13-mutual.pcap', 'decrypted-13-mutual.keylog', '8443: 2 mtls, 2 refused'],
  ['postgres-logins.pcap', undefined, '5433: 1 tls, 6 plaintext, 0 refused'],
  ['mysql-logins.pcap', undefined, '3310: 1 tls, 1 unknown, 2 plaintext, 0 refused'],
  ['http1-connect.pcap', undefined, '3128: 1 plaintext, 0 refused', '8080: 1 plaintext, 0 refused'],
]

for (const [capture, keyLog, ...edges] of EXPECTED) {
  test(`${capture}${keyLog === undefined ? '' : ' with its key log'}`, async () => {
    const report = await checkCapture(capture, keyLog)
    assert.deepEqual(report.edges.map(({ port, connections, refused }) => `${port}: ${countsText(connections)}, ${refused} refused`), edges)
  })
}

test('evidence names frames, versions, suites, groups and identities', async () => {
  const [edge] = (await checkCapture('tls12-mutual.pcapng')).edges
  assert.deepEqual(edge!.evidence.map(({ kind, frame }) => `${kind} ${frame}`), [
    'client-hello 4', 'server-hello 6', 'server-certificate 6', 'certificate-request 6', 'client-certificate 8', 'certificate-verify 8',
  ])
  assert.equal(edge!.clientIdentity!.spiffeId, 'spiffe://shop.example/ns/shop/sa/web')
  assert.equal(edge!.serverIdentity!.spiffeId, 'spiffe://shop.example/ns/shop/sa/cart')
  assert.deepEqual([edge!.clientIdentity!.proved, edge!.serverIdentity!.proved], [true, true])
  assert.deepEqual([edge!.tls!.versions, edge!.tls!.groups, edge!.tls!.postQuantum], [['TLS 1.2'], ['x25519'], false])
  assert.match(edge!.evidence[5]!.what, /checked and fits/)
})

test('old versions and suites are findings, with their frames', async () => {
  const [edge] = (await checkCapture('tls10.pcap')).edges
  const kinds = edge!.findings.map(({ kind, frame }) => `${kind} ${frame}`)
  assert.ok(kinds.includes('old-version 6'), kinds.join())
  assert.ok(kinds.some((kind) => kind.startsWith('weak-suite')))
})

/** Servers that begin in plaintext and turn to TLS. `verdicts` of the connections in their order, `turn` the one that turns. */
const STARTTLS = [
  { capture: 'postgres-logins.pcap', port: 5433, turn: 4, preface: /^readable on the wire: PostgreSQL: SSLRequest → S$/, verdicts: ['plaintext', 'plaintext', 'plaintext', 'plaintext', 'tls', 'plaintext', 'plaintext'] },
  { capture: 'mysql-logins.pcap', port: 3310, turn: 1, preface: /^readable on the wire: MySQL: SSLRequest → TLS$/, verdicts: ['plaintext', 'tls', 'plaintext', 'unknown'] },
] as const

const verdictOf = (edge: EdgeReport | undefined): string => Object.keys(edge?.connections ?? {}).join()

for (const { capture, port, turn, preface, verdicts } of STARTTLS) {
  const connections = [...framesByPorts(`${CAPTURES}${capture}`, (one) => one === port).values()]

  test(`${capture}: each connection has its own verdict, and what was readable before TLS is shown beside it`, () => {
    assert.deepEqual(connections.map((frames) => verdictOf(judgeFrames(frames))), verdicts)
    const turned = judgeFrames(connections[turn]!)!
    assert.match(turned.evidence[0]!.what, preface)
    assert.equal(turned.evidence[0]!.kind, 'upgrade')
    assert.match(turned.because, /flight is a Finished|room for an empty certificate/)
    assert.deepEqual(turned.findings.filter(({ kind }) => kind === 'plaintext-fallback'), [], 'the way to TLS is no plaintext beside it')
  })

  test(`${capture}: seen only up to the switch or only from behind it, the connection that turns is nothing better and never plaintext`, () => {
    const frames = connections[turn]!
    for (let cut = 1; cut < frames.length; cut++) {
      for (const part of [frames.slice(0, cut), frames.slice(cut)]) {
        const verdict = verdictOf(judgeFrames(part))
        assert.ok(['', 'unknown', 'tls'].includes(verdict), `cut at frame ${cut}: ${verdict}`)
      }
    }
    const isHello = ({ bytes }: CapturedFrame): boolean => Buffer.from(bytes).includes(Buffer.of(0x16, 3, 1))
    const upToSwitch = judgeFrames(frames.slice(0, frames.findIndex(isHello)))!
    assert.equal(upToSwitch.verdict, 'unknown')
    assert.match(upToSwitch.because, /about to turn to TLS/)
  })
}
