import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import fc from '#property'
import { parseFibTrie, parseIfInet6, readAddresses } from './addresses.ts'

const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /24 link UNICAST
        |-- 10.0.0.7
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.0.2.9
        /32 universe UNICAST
     |-- 198.51.100.0
        /24 host LOCAL
        /32 host LOCAL
Local:
  +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.7
           /32 host LOCAL
`

test('local IPv4 addresses are the host entries of the trie, not routes and not broadcasts', () => {
  assert.deepEqual(parseFibTrie(TRIE), ['10.0.0.7', '127.0.0.1', '198.51.100.0'])
})

test('IPv6 addresses come in canonical text', () => {
  const text = '00000000000000000000000000000001 01 80 10 80       lo\nfe8000000000000000fc00fffe000001 04 40 20 80     eth0\n'
    + 'fd000000000000000000000000000002 04 40 00 82     eth0\nnonsense\n0000 01\n'
  assert.deepEqual(parseIfInet6(text), ['::1', 'fe80::fc:ff:fe00:1', 'fd00::2'])
})

test('any text gives addresses or nothing', () => {
  const line = fc.constantFrom('  |-- 10.0.0.7', '     /32 host LOCAL', '|-- 999.1.1.1', '/32 host LOCAL', '', '\0', '|-- ', 'Local:')
  fc.assert(fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
    for (const address of parseFibTrie(lines.join('\n'))) assert.match(address, /^[\d.]+$/)
    parseIfInet6(lines.join('\n'))
  }))
})

test('of this process they are what the system says', () => {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []).map(({ address }) => address)
  const read = readAddresses('/proc', process.pid)
  for (const address of own) assert.ok(read.includes(address), `${address} is missing among ${read.join(', ')}`)
})
