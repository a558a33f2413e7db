import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { ZONE } from '../fixtures/dns-zone.ts'
import { CAPTURES, capturesAbout } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'
import { tapDns } from './tap-dns.ts'
import { tapMessages } from './tap-messages.ts'
import type { DnsSeen } from './tshark-dns.ts'
import { tsharkDns } from './tshark-dns.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const DECODE_AS = ['-d', 'udp.port==54,dns']

/** Captures of other projects where we differ on purpose. */
const NOT_COMPARED: Record<string, string> = {
  'PcapPlusPlus/dns_over_tcp.pcapng': 'one packet is in it twice, once with a time of 0: to us, half a century apart, that is two connections',
  'tcpdump/dns-badlabel.pcap': 'its first question is no name, so to us it is no DNS',
  'tcpdump/dns_fwdptr.pcap': 'its pointers lead forwards, so to us it is no DNS',
  'zeek/dns-edns-ecs-weirds.pcap': 'the length of its ECS option is wrong; tshark goes by the address family then',
}
/** More captures with DNS than the index counts as such. */
const FURTHER = ['arkime/dns-https.pcap', 'zeek/dns-https.pcap', 'suricata-verify/dns-udp-double-request-response.pcap', 'suricata-verify/dns-response-2x.pcap']

function key(m: DnsSeen): string {
  return `${m.id} ${m.isResponse} ${JSON.stringify(m.questions)} ${JSON.stringify(m.records.map((r) => [r.name, r.type, r.ttlSeconds]))}`
}

/** Message by message, field by field; the data of records where tshark has it as fields of its own. */
function compare(ours: readonly DnsSeen[], theirs: readonly DnsSeen[]): void {
  const sorted = (list: readonly DnsSeen[]): DnsSeen[] => list.toSorted((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
  const [mine, other] = [sorted(ours), sorted(theirs)]
  assert.deepEqual(mine.map(key), other.map(key))
  for (const [i, message] of other.entries()) {
    const { elapsedMicros, records, ...rest } = mine[i]!
    const { elapsedMicros: theirElapsed, records: theirRecords, ...theirRest } = message
    assert.deepEqual(rest, theirRest)
    assert.deepEqual(records.map((r, n) => theirRecords[n]!.data === undefined ? { ...r, data: undefined } : r), theirRecords.map((r) => ({ ...r, data: r.data })))
    // Of an answer in several segments tshark takes the last one's time, we the first one's.
    const isLong = records.reduce((sum, r) => sum + (r.data?.length ?? 0), 0) > 1000
    if (theirElapsed !== undefined) assert.ok(isLong ? elapsedMicros! <= theirElapsed : Math.abs(elapsedMicros! - theirElapsed) <= 1, `${elapsedMicros}, tshark ${theirElapsed}`)
  }
}

const fixtures = readdirSync(FIXTURES).filter((file) => /^dns-.*\.pcap(ng)?$/.test(file))

for (const file of fixtures) {
  test(`${file}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const path = join(FIXTURES, file)
    const theirs = tsharkDns(path, DECODE_AS)
    assert.ok(theirs.length > 5)
    compare(await tapDns(path), theirs)
  })
}

for (const name of [...capturesAbout('dns'), ...FURTHER]) {
  if (name in NOT_COMPARED) continue
  test(`${name}: what tshark says`, async (t) => {
    const path = join(CAPTURES, name)
    if (!need(t, 'peers', tsharkVersion(), 'tshark') || !need(t, 'captures', existsSync(path), `the capture ${name}`)) return
    compare(await tapDns(path), tsharkDns(path))
  })
}

/** Names of the zone as we write them. */
function normal(data: string): string {
  return data.replace(/(\S)\.(?= |$)/g, '$1').replace(/^(\d+ \d+ \d+ )([0-9a-fA-F]{64})$/, (_, before: string, hex: string) => before + hex.toLowerCase())
}

/** What BIND reads in one form, and everybody may write in another. */
const WRITTEN: Record<string, string> = {
  'cert CERT': '1 12345 8 MIIB',
  'loc LOC': '52 22 23.000 N 4 53 32.500 E -2.00m 1.00m 10000.00m 10.00m',
  'loc2 LOC': '33 51 35.900 S 151 12 40.000 E 24.00m 1.00m 10000.00m 10.00m',
  'svc SVCB': '1 web.shop.example mandatory=alpn,port alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 key65400="odd"',
  '@ HTTPS': '1 . alpn=h3,h2 ech=AEX+DQ==',
}

test('every record reads as it stands in the zone', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'dns-records.pcap'))
  const answers = messages.flatMap(({ message }) => (message.response as { answers?: { name: string, type: string, data: string }[] } | undefined)?.answers ?? [])
  const read = new Set(answers.map(({ name, type, data }) => `${name} ${type} ${data}`))
  let compared = 0
  for (const [, owner, type, data] of ZONE.matchAll(/^(\S+) (?:3600 IN )?([A-Z]+\d*) (.+)$/gm)) {
    if (owner === 'ns.child' || owner === 'big' || type === 'CDS' || (owner === 'child' && type === 'NS')) continue
    const name = owner === '@' ? 'shop.example' : `${owner}.shop.example`
    const line = `${name} ${type} ${WRITTEN[`${owner} ${type}`] ?? normal(data!)}`
    assert.ok(read.has(line), `${line}\nnot among\n${[...read].filter((r) => r.startsWith(`${name} ${type}`)).join('\n')}`)
    compared++
  }
  assert.ok(compared > 55, String(compared))
})

test('a transfer is one message, whole, and what is truncated is asked for again over TCP', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'dns-tcp.pcap'))
  const transfer = messages.find(({ message }) => message.what === 'AXFR shop.example')!.message
  const { transfer: counts, answers } = transfer.response as { transfer: { messages: number, records: number }, answers: unknown[] }
  assert.equal(transfer.complete, true)
  assert.equal(counts.records, answers.length)
  assert.ok(counts.records > 60, String(counts.records))
  const [udp, tcp] = messages.filter(({ message }) => message.what === 'TXT big.shop.example').map(({ message }) => message)
  assert.deepEqual(udp!.notes, ['truncated: the rest must be asked for over TCP'])
  assert.equal(tcp!.notes, undefined)
})

test('a port where nobody listens refuses connections, and leaves queries without an answer', async () => {
  const { messages } = await tapMessages(join(FIXTURES, 'dns-dnsmasq.pcap'))
  const last = messages.filter(({ flow }) => flow.server.port === 54).map(({ message: m }) => `${m.protocol} ${m.what} ${m.status ?? '-'}`)
  assert.deepEqual(last.toSorted(), ['dns A web.shop.internal -', 'dns A web.shop.internal -', 'tcp connection refused refused'])
})
