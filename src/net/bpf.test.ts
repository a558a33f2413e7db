import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import type { SkBuff } from '../../test/bpf-machine.ts'
import { runBpf } from '../../test/bpf-machine.ts'
import { formatAddress } from './address.ts'
import { MAX_INSTRUCTIONS, planBpf } from './bpf.ts'
import { matchesFilter, parsePacketFilter } from './packet-filter.ts'
import { Packet } from './packet.ts'

interface Case {
  version: 4 | 6
  protocol: number
  source: number
  destination: number
  sourcePort: number
  destinationPort: number
  options: number
  raw: boolean
}

// Few distinct values, so that filters and packets meet often.
const address = fc.nat({ max: 40 })
const port = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(80, 443, 8080, 65535))
const packetCase: fc.Arbitrary<Case> = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom(6, 6, 6, 17, 17, 1, 58, 132),
  source: address, destination: address, sourcePort: port, destinationPort: port,
  options: fc.nat({ max: 10 }), raw: fc.boolean(),
})

/** Addresses spread so that neighbours, gaps and other networks occur. */
function ip(version: 4 | 6, n: number): string {
  const word = n % 3 === 0 ? 0x0a000000 + n : n % 3 === 1 ? 0xc0a80000 + n * 256 : 0xfffffff0 + n % 16
  return version === 4 ? formatAddress(4, 0, 0, 0, word) : formatAddress(6, n % 5 === 0 ? 0xfd000000 : 0x20010db8, n % 2, n % 4, word)
}

function packetOf(c: Case): Packet {
  const p = new Packet()
  const [source, destination] = [words(c.version, c.source), words(c.version, c.destination)]
  p.version = c.version
  ;[p.src0, p.src1, p.src2, p.src3] = source
  ;[p.dst0, p.dst1, p.dst2, p.dst3] = destination
  p.srcPort = c.sourcePort
  p.dstPort = c.destinationPort
  return p
}

function words(version: 4 | 6, n: number): [number, number, number, number] {
  const word = (n % 3 === 0 ? 0x0a000000 + n : n % 3 === 1 ? 0xc0a80000 + n * 256 : 0xfffffff0 + n % 16) >>> 0
  return version === 4 ? [0, 0, 0, word] : [n % 5 === 0 ? 0xfd000000 : 0x20010db8, n % 2, n % 4, word]
}

function skbOf(c: Case, wrapping: { etherType?: number, fragment?: number } = {}): SkBuff {
  const link = c.raw ? 0 : 14
  const header = c.version === 4 ? 20 + c.options * 4 : 40
  const bytes = new Uint8Array(link + header + 20)
  const view = new DataView(bytes.buffer)
  if (c.version === 4) {
    view.setUint8(link, 0x40 | header / 4)
    view.setUint16(link + 6, wrapping.fragment ?? 0x4000)
    view.setUint8(link + 9, c.protocol)
    view.setUint32(link + 12, words(4, c.source)[3])
    view.setUint32(link + 16, words(4, c.destination)[3])
  } else {
    view.setUint8(link, 0x60)
    view.setUint8(link + 6, c.protocol)
    words(6, c.source).forEach((word, i) => view.setUint32(link + 8 + i * 4, word))
    words(6, c.destination).forEach((word, i) => view.setUint32(link + 24 + i * 4, word))
  }
  view.setUint16(link + header, c.sourcePort)
  view.setUint16(link + header + 2, c.destinationPort)
  return { bytes, network: link, protocol: wrapping.etherType ?? (c.version === 4 ? 0x0800 : 0x86dd), hardwareType: c.raw ? 65534 : 1, packetType: 0 }
}

const hostWord = fc.tuple(fc.constantFrom(4 as const, 6 as const), address, fc.constantFrom('', '', '', '/0', '/8', '/24', '/31', '/32'))
  .map(([version, n, length]) => `${ip(version, n)}${length}`)
const portWord = fc.oneof(port.map(String), fc.tuple(port, port).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`))
const filterWords = fc.record({
  ports: fc.array(portWord, { maxLength: 4 }), notPorts: fc.array(portWord, { maxLength: 2 }), hosts: fc.array(hostWord, { maxLength: 8 }),
})

function parseOrNone(words_: { ports: string[], notPorts: string[], hosts: string[] }): ReturnType<typeof parsePacketFilter> | undefined {
  try {
    return parsePacketFilter(words_)
  } catch {
    return undefined
  }
}

test('the program keeps a plain TCP or UDP packet exactly when the filter matches it', () => {
  fc.assert(fc.property(filterWords, fc.array(packetCase, { minLength: 8, maxLength: 8 }), (text, cases) => {
    const filter = parseOrNone(text)
    if (filter === undefined) return
    const plan = planBpf(filter)
    assert.equal(plan.complete, true)
    for (const c of cases) {
      const tcpOrUdp = c.protocol === 6 || c.protocol === 17
      const empty = text.ports.length + text.notPorts.length + text.hosts.length === 0
      const wanted: boolean = empty || (tcpOrUdp && matchesFilter(filter, packetOf(c)))
      assert.equal(runBpf(plan.program, skbOf(c)) !== 0, wanted, JSON.stringify({ text, c }))
    }
  }), { numRuns: 400 })
})

test('what may hide another packet passes', () => {
  const { program } = planBpf(parsePacketFilter({ ports: ['80'], notPorts: ['22'], hosts: ['203.0.113.9'] }))
  const plain: Case = { version: 4, protocol: 6, source: 1, destination: 2, sourcePort: 1, destinationPort: 2, options: 0, raw: false }
  const passes = (c: Partial<Case>, wrapping = {}): boolean => runBpf(program, skbOf({ ...plain, ...c }, wrapping)) !== 0
  assert.equal(passes({}), false)
  assert.equal(passes({}, { fragment: 0x2000 }), false, 'a first fragment has ports')
  assert.equal(passes({}, { fragment: 0x00b9 }), true, 'a later fragment has none')
  for (const protocol of [4, 41, 47, 51]) assert.equal(passes({ protocol }), true, `IPv4 protocol ${protocol}`)
  for (const protocol of [0, 4, 41, 43, 44, 47, 51, 60]) assert.equal(passes({ version: 6, protocol }), true, `IPv6 next header ${protocol}`)
  for (const etherType of [0x8100, 0x88a8, 0x9100, 0x8847, 0x8864, 0x0040]) assert.equal(passes({}, { etherType }), true, `EtherType ${etherType}`)
  for (const tunnel of [4789, 8472, 6081]) {
    assert.equal(passes({ protocol: 17, destinationPort: tunnel }), true, `UDP to ${tunnel}`)
    assert.equal(passes({ protocol: 17, sourcePort: tunnel }), true, `UDP from ${tunnel}`)
    assert.equal(passes({ protocol: 6, destinationPort: tunnel }), false, `TCP to ${tunnel}`)
  }
  assert.equal(passes({}, { etherType: 0x0806 }), false, 'ARP')
})

test('fifteen hundred scattered addresses fit exactly', () => {
  const hosts = Array.from({ length: 1500 }, (_, i) => formatAddress(4, 0, 0, 0, 0x0a000000 + i * 7919))
  const filter = parsePacketFilter({ ports: ['8080'], notPorts: [], hosts })
  const plan = planBpf(filter)
  assert.equal(plan.complete, true)
  assert.ok(plan.instructions <= MAX_INSTRUCTIONS)
  agreesOnNeighbours(plan.program, hosts, filter, true)
})

test('addresses beyond what fits pass by network, and the plan says so', () => {
  const hosts = Array.from({ length: 8000 }, (_, i) => formatAddress(4, 0, 0, 0, 0x0a000000 + i * 523))
  const filter = parsePacketFilter({ ports: ['8080'], notPorts: [], hosts })
  const plan = planBpf(filter)
  assert.equal(plan.complete, false)
  assert.ok(plan.instructions <= MAX_INSTRUCTIONS)
  assert.match(plan.note ?? '', /^8000 addresses are more than .* networks of \/\d+/)
  agreesOnNeighbours(plan.program, hosts.filter((_, i) => i % 20 === 0), filter, false)
})

test('the same for IPv6', () => {
  const hosts = Array.from({ length: 3000 }, (_, i) => formatAddress(6, 0xfd000000 + i % 50, i, i * 31, i * 7919))
  const filter = parsePacketFilter({ ports: [], notPorts: [], hosts })
  const plan = planBpf(filter)
  assert.equal(plan.complete, false)
  assert.ok(plan.instructions <= MAX_INSTRUCTIONS && plan.instructions > 2)
})

test('adjacent addresses cost as much as one', () => {
  const hosts = Array.from({ length: 5000 }, (_, i) => formatAddress(4, 0, 0, 0, 0x0a000000 + i))
  const plan = planBpf(parsePacketFilter({ ports: [], notPorts: [], hosts }))
  assert.equal(plan.complete, true)
  const one = planBpf(parsePacketFilter({ ports: [], notPorts: [], hosts: ['10.0.0.1'] }))
  assert.ok(plan.instructions <= one.instructions + 16, `${plan.instructions} instructions, ${one.instructions} for one address`)
})

test('every second port is too much: everything passes, and the plan says so', () => {
  const ports = Array.from({ length: 4000 }, (_, i) => String(i * 2))
  const plan = planBpf(parsePacketFilter({ ports, notPorts: [], hosts: [] }))
  assert.equal(plan.complete, false)
  assert.match(plan.note ?? '', /filtered in the program/)
  assert.notEqual(runBpf(plan.program, { bytes: new Uint8Array(60), network: 14, protocol: 0x0806, hardwareType: 1, packetType: 0 }), 0)
})

/** Each address and the one after it, as source and as destination. */
function agreesOnNeighbours(program: Uint8Array, hosts: readonly string[], filter: ReturnType<typeof parsePacketFilter>, exact: boolean): void {
  for (const host of hosts) {
    const word = host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    for (const [source, destination] of [[word, 0x01010101], [0x01010101, word], [word + 1, 0x01010101], [0x01010101, word + 1]]) {
      const skb = skbOf({ version: 4, protocol: 6, source: 0, destination: 0, sourcePort: 5, destinationPort: 8080, options: 0, raw: false })
      new DataView(skb.bytes.buffer).setUint32(14 + 12, source)
      new DataView(skb.bytes.buffer).setUint32(14 + 16, destination)
      const packet = new Packet()
      packet.src3 = source
      packet.dst3 = destination
      packet.dstPort = 8080
      const wanted = matchesFilter(filter, packet)
      const kept = runBpf(program, skb) !== 0
      assert.ok(kept === wanted || (!exact && kept), `${host} ${source.toString(16)} ${destination.toString(16)}`)
    }
  }
}
