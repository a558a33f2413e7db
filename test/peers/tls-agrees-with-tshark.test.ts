import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout, fixtures } from './capture-list.ts'
import { DECODE_AS } from './golden.ts'
import type { Golden } from './golden.ts'
import { tsharkVersion } from './pdml.ts'
import { tapMessages } from './tap-messages.ts'
import type { TappedTls } from './tap-tls.ts'
import { tapTls } from './tap-tls.ts'
import { alertWord, attributeText, wordOf } from './tshark-words.ts'
import type { CertificateView, ClientHelloView, ServerHelloView, TlsStream } from './tshark-tls.ts'
import { tsharkTls } from './tshark-tls.ts'

/** Where we and tshark differ on purpose: which facts are left out of the comparison, and why. */
const DIFFERENCES: Record<string, { why: string, without: readonly string[] }> = {
  'suricata-verify/ssl-v2-s1.pcap': {
    why: 'the hello is one of SSL 2.0, which tshark shows by other fields and does not count as a record',
    without: ['clientHello', 'streamBytes'],
  },
  'suricata-verify/tls_DER-incomplete-content.pcap': {
    why: 'the certificate breaks DER: tshark shows the parts before, we say that it cannot be read', without: ['certificates'],
  },
  'suricata-verify/tls_DER-incomplete-header.pcap': {
    why: 'the certificate breaks DER: tshark shows the parts before, we say that it cannot be read', without: ['certificates'],
  },
}

/** Captures of other projects where TLS begins inside another protocol, whose dissector we do not have yet. */
const STARTTLS: Record<string, string> = {
  'arkime/ldap-ssl.pcap': 'LDAP', 'zeek/ldap-starttls.pcap': 'LDAP', 'zeek/ftp-auth-tls.pcap': 'FTP',
}

function clientHello(h: ClientHelloView | undefined): ClientHelloView | undefined {
  if (h === undefined) return undefined
  const words = (list: string[] | undefined): string[] | undefined => list?.map(wordOf)
  return { ...h, ...h.groups && { groups: words(h.groups) }, ...h.keyShares && { keyShares: words(h.keyShares) },
    ...h.signatureAlgorithms && { signatureAlgorithms: words(h.signatureAlgorithms) } } as ClientHelloView
}

function serverHello(h: ServerHelloView | undefined): ServerHelloView | undefined {
  return h?.keyShare === undefined ? h : { ...h, keyShare: wordOf(h.keyShare) }
}

function certificates(list: readonly CertificateView[]): CertificateView[] {
  return list.map((c) => ({ ...c, subject: c.subject.map(attributeText), issuer: c.issuer.map(attributeText) }))
}

/** The facts of a connection that both sides of the comparison have, from tshark's. */
function factsOf(s: TlsStream): object {
  const { client, server } = s.sides
  return {
    client: s.client, server: s.server,
    clientHello: clientHello(s.clientHellos[0]),
    retried: s.helloRetries > 0,
    retriedKeyShares: s.helloRetries > 0 ? clientHello(s.clientHellos[1])?.keyShares : undefined,
    serverHello: serverHello(s.serverHellos[0]),
    group: wordOf(s.curve ?? s.serverHellos[0]?.keyShare ?? '') || undefined,
    certificateRequested: s.certificateRequested,
    certificates: { client: certificates(client.certificates), server: certificates(server.certificates) },
    alerts: { client: client.alerts.map(alertWord), server: server.alerts.map(alertWord) },
    streamBytes: { client: client.records.bytes, server: server.records.bytes },
    applicationRecords: { client: client.records.applicationData, server: server.records.applicationData },
  }
}

function ourFacts(t: TappedTls): object {
  const { clientHello: c, serverHello: s, retriedKeyShares, group, notes: _, ...rest } = t
  // Under TLS 1.3 the request is encrypted: we say unknown, tshark nothing.
  return { ...rest, clientHello: c, serverHello: s, retriedKeyShares, group, certificateRequested: t.certificateRequested ?? false }
}

function compare(ours: readonly TappedTls[], theirs: readonly TlsStream[], name: string): void {
  const byClient = (a: { client: string }, b: { client: string }): number => a.client < b.client ? -1 : 1
  const { why, without = [] } = DIFFERENCES[name] ?? {}
  const rest = (facts: object): object => Object.fromEntries(Object.entries(facts).filter(([key]) => !without.includes(key)))
  assert.deepEqual(ours.toSorted(byClient).map(ourFacts).map(rest), theirs.toSorted(byClient).map(factsOf).map(rest), why ?? name)
}

for (const { name, path, golden } of fixtures('tls')) {
  test(`${name}: what tshark said when it was made`, async () => {
    const { streams } = JSON.parse(readFileSync(golden, 'utf8')) as Golden<TlsStream>
    assert.ok(streams.length > 0)
    compare(await tapTls(path), streams, name)
  })

  test(`${name}: what tshark says now`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    compare(await tapTls(path), tsharkTls(path, DECODE_AS), name)
  })
}

for (const name of capturesAbout('tls')) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = join(CAPTURES, name)
    if (name in STARTTLS) assert.deepEqual(await tapTls(path), [], `TLS inside ${STARTTLS[name]}`)
    else compare(await tapTls(path), tsharkTls(path), name)
  })
}

test('captures of other projects are there', (t) => {
  if (!need(t, 'captures', capturesAbout('tls').length > 0, 'the folder ../shared/captures')) return
  assert.ok(capturesAbout('tls').length > 20)
})

/** The one connection, or the ones, of a fixture. */
async function fixture(name: string): Promise<TappedTls[]> {
  return tapTls(fixtures('tls').find((f) => f.name === name)!.path)
}

test('two Envoys: TLS 1.3 with a hybrid group, and no certificate in the clear', async () => {
  const [mesh] = await fixture('tls-envoy') as [TappedTls]
  assert.equal(mesh.serverHello?.version, 'TLS 1.3')
  assert.equal(mesh.group, 'X25519MLKEM768')
  assert.deepEqual(mesh.clientHello?.alpn, ['mtlscope'])
  assert.deepEqual(mesh.certificates, { client: [], server: [] })
})

test('TLS 1.2: the client certificate that was asked for, shown, missing, and of a stranger', async () => {
  const [shown, missing, stranger] = await fixture('tls12-mutual') as [TappedTls, TappedTls, TappedTls]
  assert.deepEqual([shown, missing, stranger].map((c) => c.certificateRequested), [true, true, true])
  assert.deepEqual([shown, missing, stranger].map((c) => c.certificates.client[0]?.subject.join()), ['O=Shop,CN=web', undefined, 'CN=stranger'])
  assert.deepEqual([shown, missing, stranger].map((c) => c.alerts.server), [[], ['handshake_failure'], ['unknown_ca']])
})

test('a group that the server does not take costs a retry, which is told', async () => {
  const [retry] = await fixture('tls13-retry') as [TappedTls]
  assert.deepEqual([retry.clientHello?.keyShares, retry.retriedKeyShares, retry.group], [['x25519'], ['secp384r1'], 'secp384r1'])
})

test('each resumption is told: by ticket, by session number, by PSK', async () => {
  const resumed = async (name: string): Promise<unknown[]> => {
    const path = fixtures('tls').find((f) => f.name === name)!.path
    const { messages } = await tapMessages(path)
    return messages.map(({ message }) => message.response as { resumed?: boolean, resumption?: string })
      .filter((r) => r?.resumed === true).map((r) => r.resumption)
  }
  assert.equal((await resumed('tls12')).length, 1)
  assert.equal((await resumed('tls12-session-id')).length, 1)
  assert.equal((await resumed('tls13')).length, 1)
  assert.equal(new Set([...await resumed('tls12'), ...await resumed('tls12-session-id'), ...await resumed('tls13')]).size, 3)
})
