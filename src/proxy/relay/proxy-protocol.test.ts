import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PP2_TYPE_SPIFFE_ID, proxyHeader } from './proxy-protocol.ts'
import { parseSocketAddress } from './socket-address.ts'

const source = parseSocketAddress('10.1.2.3', 1000)!
const destination = parseSocketAddress('10.9.8.7', 8080)!
const SIGNATURE = '0d0a0d0a000d0a515549540a'

test('a caller in the clear: addresses and ports', () => {
  assert.equal(Buffer.from(proxyHeader(source, destination, undefined)).toString('hex'), `${SIGNATURE}2111000c0a0102030a09080703e81f90`)
})

test('addresses of two families are both IPv6', () => {
  const header = Buffer.from(proxyHeader(parseSocketAddress('fd00::1', 1)!, destination, undefined))
  assert.equal(header.subarray(12).toString('hex'), '21210024' + 'fd000000000000000000000000000001' + '00000000000000000000ffff0a090807' + '00011f90')
})

test('TLS values have the lengths that they say, and the SPIFFE id its own', () => {
  const spiffeId = 'spiffe://shop/web'
  const header = Buffer.from(proxyHeader(source, destination, { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', clientVerified: true, commonName: 'web', spiffeId }))
  assert.equal(header.readUInt16BE(14), header.length - 16)
  const values = header.subarray(16 + 12)
  assert.equal(values[0], 0x20)
  const inner = values.subarray(3, 3 + values.readUInt16BE(1))
  assert.deepEqual([...inner.subarray(0, 5)], [7, 0, 0, 0, 0])
  const found: Record<number, string> = {}
  for (let at = 5; at < inner.length; at += 3 + inner.readUInt16BE(at + 1)) found[inner[at]] = inner.subarray(at + 3, at + 3 + inner.readUInt16BE(at + 1)).toString()
  assert.deepEqual(found, { 0x21: 'TLSv1.3', 0x22: 'web', 0x23: 'TLS_AES_128_GCM_SHA256' })
  const rest = values.subarray(3 + inner.length)
  assert.deepEqual([rest[0], rest.readUInt16BE(1), rest.subarray(3).toString()], [PP2_TYPE_SPIFFE_ID, spiffeId.length, spiffeId])
})

test('who showed no certificate is not verified', () => {
  const header = proxyHeader(source, destination, { version: 'TLSv1.3', cipher: 'x', clientVerified: false, commonName: '', spiffeId: '' })
  assert.deepEqual([...header.subarray(31, 36)], [1, 0, 0, 0, 1])
})
