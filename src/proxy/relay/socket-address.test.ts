import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { matchesDestination, parseDestination } from './destination-match.ts'
import { SOCKADDR_BYTES, parseSockaddr, parseSocketAddress, sameAddress, socketAddressText, writeSockaddr } from './socket-address.ts'

const word = fc.nat(0xffff_ffff)

test('what is written as a sockaddr is read back', () => {
  const address = fc.oneof(
    fc.record({ version: fc.constant(4 as const), words: fc.tuple(fc.constant(0), fc.constant(0), fc.constant(0), word), port: fc.nat(65535), scope: fc.constant(0) }),
    fc.record({ version: fc.constant(6 as const), words: fc.tuple(word, word, word, word), port: fc.nat(65535), scope: word }),
  )
  fc.assert(fc.property(address, (given) => {
    const memory = new Uint8Array(SOCKADDR_BYTES).fill(0xa5)
    assert.equal(writeSockaddr(memory, given), given.version === 4 ? 16 : 28)
    assert.deepEqual({ ...parseSockaddr(memory) }, { ...given })
  }))
})

test('the bytes of a sockaddr_in', () => {
  const memory = new Uint8Array(SOCKADDR_BYTES)
  writeSockaddr(memory, parseSocketAddress('10.1.2.3', 8080)!)
  assert.deepEqual([...memory.subarray(0, 8)], [2, 0, 0x1f, 0x90, 10, 1, 2, 3])
})

test('a sockaddr of another family is nothing', () => assert.equal(parseSockaddr(new Uint8Array(SOCKADDR_BYTES).fill(1)), undefined))

test('addresses as text', () => {
  assert.equal(socketAddressText(parseSocketAddress('127.0.0.1', 80)!), '127.0.0.1:80')
  assert.equal(socketAddressText(parseSocketAddress('fd00:0::1', 80)!), '[fd00::1]:80')
  assert.equal(parseSocketAddress('cart', 80), undefined)
  assert.ok(sameAddress(parseSocketAddress('::1', 1)!, parseSocketAddress('0::1', 1)!))
  assert.ok(!sameAddress(parseSocketAddress('::1', 1)!, parseSocketAddress('0.0.0.1', 1)!))
})

for (const [network, ports, address, port, inside] of [
  ['10.0.0.0/8', [0, 65535], '10.200.1.1', 1, true], ['10.0.0.0/8', [0, 65535], '11.0.0.1', 1, false],
  ['10.0.0.5', [5432, 5432], '10.0.0.5', 5432, true], ['10.0.0.5', [5432, 5432], '10.0.0.5', 5433, false], ['10.0.0.5', [1, 9], '10.0.0.4', 5, false],
  ['fd00::/9', [0, 65535], 'fd7f::1', 1, true], ['fd00::/9', [0, 65535], 'fd80::1', 1, false], ['0.0.0.0/0', [0, 65535], '::1', 1, false],
  ['0.0.0.0/0', [0, 65535], '1.2.3.4', 1, true],
] as const) {
  test(`${address}:${port} is ${inside ? 'in' : 'not in'} ${network} ${ports.join('-')}`, () => {
    const match = parseDestination({ network, fromPort: ports[0], toPort: ports[1] })
    assert.equal(matchesDestination(match!, parseSocketAddress(address, port)!), inside)
  })
}
test('no network', () => assert.equal(parseDestination({ network: 'cart', fromPort: 0, toPort: 1 }), undefined))
