import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { addressIn, parseRoutes4, parseRoutes6 } from './route-table.ts'

const shown = ({ bytes, length }: { bytes: Uint8Array, length: number }): string => `${Buffer.from(bytes).toString('hex')}/${length}`

test('routes of IPv4 are those that lead out, in the order of bytes', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT', 'veth0\t00000000\t0200630A\t0003\t0\t0\t0\t00000000\t0\t0\t0', 'veth0\t0000630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    '*\t000010AC\t00000000\t0201\t0\t0\t0\t0000F0FF\t0\t0\t0', 'lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0', '',
  ].join('\n')
  assert.deepEqual(parseRoutes4(text).map(shown), ['00000000/0', '0a630000/24'])
})

test('routes of IPv6 are those that lead out; own addresses, link-local and multicast ones, and what is refused are none', () => {
  const none = '0'.repeat(32)
  const line = (destination: string, length: string, flags: string, device: string): string => `${destination} ${length} ${none} 00 ${none} 00000100 00000001 00000000 ${flags} ${device.padStart(8)}`
  const text = [
    line('fd990000000000000000000000000000', '40', '00000001', 'veth0'), line('fe800000000000000000000000000000', '40', '00000001', 'veth0'), line(none, '00', '00000003', 'veth0'),
    line('fd990000000000000000000000000001', '80', '80200001', 'veth0'), line('fd990000000000000000000000000000', '80', '00300001', 'veth0'), line('ff000000000000000000000000000000', '08', '00000001', 'veth0'),
    line(none, '00', '00200200', 'lo'), line('20010db8000000000000000000000000', '20', '00200200', 'veth0'),
  ].join('\n')
  assert.deepEqual(parseRoutes6(text).map(shown), ['fd990000000000000000000000000000/64', `${none}/0`])
})

test('an address of a prefix has its bits, and others as they are given', () => {
  assert.equal(addressIn({ bytes: Buffer.from([10, 99, 0, 0]), length: 20 }, Buffer.from([255, 255, 255, 7])), '10.99.15.7')
  assert.equal(addressIn({ bytes: Buffer.from('fd990000000000000000000000000000', 'hex'), length: 64 }, Buffer.alloc(16, 0xab)), 'fd99:0000:0000:0000:abab:abab:abab:abab')
  assert.equal(addressIn({ bytes: Buffer.from([10, 99, 0, 1]), length: 32 }, Buffer.alloc(4, 255)), '10.99.0.1')
})

test('whatever a file says, nothing is thrown', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    for (const { bytes, length } of [...parseRoutes4(`x\n${text}`), ...parseRoutes6(text)]) assert.ok(bytes.length > 0 && length >= 0)
  }), { numRuns: 50 })
})
