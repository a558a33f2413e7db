import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MtlscopeError } from '../base/errors.ts'
import { parseAddress } from './address.ts'
import { matchesFilter, parsePacketFilter } from './packet-filter.ts'
import { Packet } from './packet.ts'
import { portRanges } from './port-set.ts'

function packet(from: string, fromPort: number, to: string, toPort: number): Packet {
  const [source, destination] = [parseAddress(from), parseAddress(to)]
  assert.ok(source !== undefined && destination !== undefined)
  const p = new Packet()
  p.version = source.version
  ;[p.src0, p.src1, p.src2, p.src3] = source.words
  ;[p.dst0, p.dst1, p.dst2, p.dst3] = destination.words
  p.srcPort = fromPort
  p.dstPort = toPort
  return p
}

function matcher(words: { ports?: string[], notPorts?: string[], hosts?: string[] }): (p: Packet) => boolean {
  const filter = structuredClone(parsePacketFilter({ ports: [], notPorts: [], hosts: [], ...words }))
  return (p) => matchesFilter(filter, p)
}

function refuses(words: { ports?: string[], notPorts?: string[], hosts?: string[] }, message: RegExp): void {
  assert.throws(() => parsePacketFilter({ ports: [], notPorts: [], hosts: [], ...words }),
    (error) => error instanceof MtlscopeError && error.code === 'bad-filter' && message.test(error.message))
}

const up = packet('10.0.0.7', 40000, '10.0.0.8', 8080)
const down = packet('10.0.0.8', 8080, '10.0.0.7', 40000)
const other = packet('10.0.1.9', 40001, '10.0.1.10', 443)
const six = packet('fd00::7', 40000, 'fd00::8', 8080)

test('a port at either end', () => {
  const matches = matcher({ ports: ['80,8080', '9000-9010'] })
  assert.deepEqual([up, down, other, six].map(matches), [true, true, false, true])
  assert.equal(matches(packet('1.1.1.1', 1, '2.2.2.2', 9010)), true)
  assert.equal(matches(packet('1.1.1.1', 1, '2.2.2.2', 9011)), false)
})

test('an excluded port at neither end', () => {
  assert.deepEqual([up, down, other].map(matcher({ notPorts: ['8080'] })), [false, false, true])
  assert.deepEqual([up, other].map(matcher({ ports: ['8080', '443'], notPorts: ['40000'] })), [false, true])
})

test('an address or network at either end', () => {
  assert.deepEqual([up, down, other, six].map(matcher({ hosts: ['10.0.0.7'] })), [true, true, false, false])
  assert.deepEqual([up, other, six].map(matcher({ hosts: ['10.0.1.77/24,fd00::/64'] })), [false, true, true])
  assert.deepEqual([up, other, six].map(matcher({ hosts: ['0.0.0.0/0'] })), [true, true, false])
  assert.deepEqual([up, six].map(matcher({ hosts: ['::/0'] })), [false, true])
})

test('an IPv4 address is not the IPv6 address with the same words', () => {
  assert.equal(matcher({ hosts: ['0.0.0.1'] })(packet('::1', 1, '::2', 2)), false)
})

test('every set of hosts must hold', () => {
  const one = parsePacketFilter({ ports: [], notPorts: [], hosts: ['10.0.0.0/8'] })
  const two = parsePacketFilter({ ports: [], notPorts: [], hosts: ['10.0.0.8'] })
  const both = { ...one, hosts: [...one.hosts, ...two.hosts] }
  assert.deepEqual([up, other].map((p) => matchesFilter(both, p)), [true, false])
})

test('thousands of addresses are found, their neighbours are not', () => {
  const matches = matcher({ hosts: Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.2`) })
  for (let i = 0; i < 5000; i += 7) {
    assert.equal(matches(packet(`10.${i >> 8}.${i & 255}.2`, 1, '1.1.1.1', 2)), true)
    assert.equal(matches(packet('1.1.1.1', 1, `10.${i >> 8}.${i & 255}.3`, 2)), false)
  }
})

test('without words everything matches', () => {
  assert.deepEqual([up, six].map(matcher({})), [true, true])
})

test('says which word is wrong', () => {
  refuses({ ports: ['80,http'] }, /^not a port: http$/)
  refuses({ ports: ['65536'] }, /65536/)
  refuses({ notPorts: ['9-8'] }, /9-8/)
  refuses({ hosts: ['10.0.0.256'] }, /^not an address: 10\.0\.0\.256$/)
  for (const word of ['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/8/8', 'example.org', '10.0.0.0/-1', '10.0.0.0/08x']) refuses({ hosts: [word] }, /not an address/)
})

test('refuses what can never hold', () => {
  refuses({ ports: ['80-82'], notPorts: ['1-100'] }, /no packet can pass/)
})

test('ranges of ports are merged', () => {
  const { ports } = parsePacketFilter({ ports: ['5,1-3,4', '0', '65535'], notPorts: [], hosts: [] })
  assert.deepEqual(portRanges(ports), [{ low: 0, high: 5 }, { low: 65535, high: 65535 }])
  assert.equal(ports.count, 7)
})
