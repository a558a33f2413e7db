import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { parseCapture } from '../../net/capture-parser.ts'
import { parseSocketAddress } from '../relay/socket-address.ts'
import type { SocketAddress } from '../relay/socket-address.ts'
import type { TapOpening, TappedChunk } from '../relay/relay.ts'
import { PlaintextCapture } from './plaintext-capture.ts'

const [CLIENT, SERVER] = [parseSocketAddress('10.1.0.1', 40_000)!, parseSocketAddress('10.1.0.2', 8080)!]

function opening(client: SocketAddress, server: SocketAddress, direction: 'inbound' | 'outbound' = 'inbound'): TapOpening {
  return {
    client, server,
    info: {
      id: 1, direction, mode: 'mtls', security: 'mtls', client: '', destination: '', clientIdentity: 'spiffe://shop.test/web', serverIdentity: 'spiffe://shop.test/cart',
      bytesSent: 0, bytesReceived: 0, openedAtMs: 0, tlsVersion: 'TLSv1.3', resumed: false,
    },
  }
}

interface Frame { readonly interfaceId: number, readonly fromClient: boolean, readonly seq: number, readonly ack: number, readonly flags: number, readonly payload: Buffer, readonly bytes: Buffer }

function framesOf(capture: PlaintextCapture, six = false): Frame[] {
  const frames: Frame[] = []
  const { failure } = parseCapture(Buffer.concat([capture.header(), capture.take()]), {
    interface: () => {},
    frame: (buf, offset, captured, _wire, _at, _link, interfaceId) => {
      const bytes = Buffer.from(buf.subarray(offset, offset + captured))
      const tcp = bytes.subarray(six ? 40 : 20)
      frames.push({ interfaceId, fromClient: tcp.readUInt16BE(0) === CLIENT.port, seq: tcp.readUInt32BE(4), ack: tcp.readUInt32BE(8), flags: tcp[13]!, payload: tcp.subarray(20), bytes })
    },
  })
  assert.equal(failure, undefined)
  return frames
}

function chunk(text: string, offset: number, fromClient = true, more: Partial<TappedChunk> = {}): TappedChunk {
  return { connection: 1, fromClient, offset, bytes: Buffer.from(text), atMicros: 1_700_000_000_000_000, ...more }
}

test('a connection from its handshake to both ends, acknowledged as far as it went', () => {
  const capture = new PlaintextCapture('cart')
  capture.chunk(chunk('ask', 0, true, { opening: opening(CLIENT, SERVER) }))
  capture.chunk(chunk('answer', 0, false))
  capture.chunk(chunk('', 3))
  capture.chunk(chunk('', 6, false))
  assert.deepEqual(framesOf(capture).map(({ fromClient, seq, ack, flags, payload }) => [fromClient, flags, seq, ack, payload.toString()]), [
    [true, 2, 0, 0, ''], [false, 18, 0, 1, ''], [true, 24, 1, 1, 'ask'], [false, 24, 1, 4, 'answer'], [true, 17, 4, 7, ''], [false, 17, 7, 5, ''],
  ])
  assert.equal(capture.openConnections, 0)
})

test('one that was open before has no beginning, what was left out is missing, and what is cut off ends with a reset', () => {
  const capture = new PlaintextCapture('cart')
  capture.chunk(chunk('b', 100, true, { opening: opening(CLIENT, SERVER, 'outbound') }))
  capture.chunk(chunk('d', 200))
  capture.chunk(chunk('unknown', 0, true, { connection: 2 }))
  capture.end(1, 0)
  capture.end(1, 0)
  assert.deepEqual(framesOf(capture).map(({ interfaceId, flags, seq, payload }) => [interfaceId, flags, seq, payload.toString()]), [[1, 24, 101, 'b'], [1, 24, 201, 'd'], [1, 20, 202, '']])
  assert.equal(capture.openConnections, 0)
})

/** RFC 1071: over a part with its right checksum the sum is all ones. */
function onesSum(bytes: Uint8Array, start = 0): number {
  let sum = start
  for (let at = 0; at < bytes.length; at += 2) sum += bytes[at]! << 8 | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

test('both checksums are right, for IPv4 and IPv6, and all bytes are there in order', () => {
  const six = [parseSocketAddress('fd00::1', CLIENT.port)!, parseSocketAddress('fd00::2', 8080)!] as const
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), fc.boolean(), (bytes, isSix) => {
    const capture = new PlaintextCapture('cart')
    capture.chunk(chunk('', 0, true, { bytes, opening: isSix ? opening(...six) : opening(CLIENT, SERVER) }))
    const frames = framesOf(capture, isSix)
    assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload)), Buffer.from(bytes))
    for (const { bytes: frame } of frames) {
      const ip = isSix ? 40 : 20
      if (!isSix) assert.equal(onesSum(frame.subarray(0, 20)), 0xffff)
      assert.equal(onesSum(frame.subarray(ip), onesSum(frame.subarray(isSix ? 8 : 12, ip)) + 6 + frame.length - ip), 0xffff)
    }
  }), { numRuns: 30 })
})
