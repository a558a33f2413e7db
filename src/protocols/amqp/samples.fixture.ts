import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'

type Part = number | string | readonly [value: number, bytes: number] | Buffer

/** Numbers are one byte, texts short strings, pairs a number with its size. */
function bytesOf(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => {
    if (Buffer.isBuffer(part)) return part
    if (typeof part === 'number') return Buffer.from([part])
    if (typeof part === 'string') return Buffer.concat([Buffer.from([Buffer.byteLength(part)]), Buffer.from(part)])
    const [value, bytes] = part as readonly [number, number]
    const buf = Buffer.alloc(bytes)
    buf.writeUIntBE(value, Math.max(0, bytes - 6), Math.min(6, bytes))
    return buf
  }))
}

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([bytesOf([type, [channel, 2], [payload.length, 4]]), payload, Buffer.from([0xce])])
}

export function method(channel: number, classNumber: number, number: number, ...parts: Part[]): Buffer {
  return frame(1, channel, bytesOf([[classNumber, 2], [number, 2], ...parts]))
}

/** A content header with a content type and a table of one header, and the body in frames of at most `size` bytes. */
export function content(channel: number, body: Buffer, size = 100_000): Buffer {
  const header = frame(2, channel, bytesOf([[60, 2], [0, 2], [body.length, 8], [0xa000, 2], 'text/plain', long(bytesOf(['trace', 0x53, long(Buffer.from('abc'))]))]))
  const frames = Array.from({ length: Math.ceil(body.length / size) }, (_, i) => frame(3, channel, body.subarray(i * size, (i + 1) * size)))
  return Buffer.concat([header, ...frames])
}

function long(bytes: Buffer): Buffer {
  return Buffer.concat([bytesOf([[bytes.length, 4]]), bytes])
}

const NO_TABLE = long(Buffer.alloc(0))
export const ask = (...bytes: Buffer[]): Step => ({ side: CLIENT, bytes: Buffer.concat(bytes), at: 0 })
export const answer = (...bytes: Buffer[]): Step => ({ side: SERVER, bytes: Buffer.concat(bytes), at: 0 })
const timed = (name: string, steps: readonly Step[]): Sample => ({ name, steps: steps.map((step, i) => ({ ...step, at: 1000 + i * 100 })) })

export const HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')
const opening: readonly Step[] = [
  ask(HEADER),
  answer(method(0, 10, 10, 0, 9, long(bytesOf(['product', 0x53, long(Buffer.from('RabbitMQ'))])), long(Buffer.from('PLAIN AMQPLAIN')), long(Buffer.from('en_US')))),
  ask(method(0, 10, 11, NO_TABLE, 'PLAIN', long(Buffer.from('\0alice\0wonderland')), 'en_US')),
  answer(method(0, 10, 30, [2047, 2], [131072, 4], [60, 2])),
  ask(method(0, 10, 31, [2047, 2], [131072, 4], [60, 2]), method(0, 10, 40, '/shop', '', 0)),
  answer(method(0, 10, 41, '')),
  ask(method(1, 20, 10, '')),
  answer(method(1, 20, 11, [0, 4])),
]

const publish = (channel: number, key: string): Buffer => method(channel, 60, 40, [0, 2], 'shop', key, 0)
const deliver = (channel: number, tag: number, consumer = 'c1'): Buffer => method(channel, 60, 60, consumer, [tag, 8], 0, 'shop', 'new')

const ordinary = timed('from the header to the close', [
  ...opening,
  ask(method(1, 50, 10, [0, 2], 'orders', 2, NO_TABLE), publish(1, 'new'), content(1, Buffer.from('hello'))),
  answer(method(1, 50, 11, 'orders', [0, 4], [0, 4]), frame(8, 0, Buffer.alloc(0))),
  ask(publish(1, 'empty'), content(1, Buffer.alloc(0)), publish(1, 'cut'), content(1, Buffer.from('in three frames'), 6)),
  ask(method(0, 10, 50, [200, 2], 'bye', [0, 2], [0, 2])),
  answer(method(0, 10, 51)),
])

const consuming = timed('deliveries and acknowledgements on two channels', [
  ...opening,
  ask(method(2, 20, 10, ''), method(1, 60, 20, [0, 2], 'orders', '', 0, NO_TABLE), method(2, 60, 20, [0, 2], 'logs', '', 2, NO_TABLE)),
  answer(method(2, 20, 11, [0, 4]), method(1, 60, 21, 'c1'), method(2, 60, 21, 'c2')),
  answer(deliver(1, 1), deliver(2, 1, 'c2'), content(1, Buffer.from('first')), content(2, Buffer.from('\x00\xff'))),
  answer(deliver(1, 2), content(1, Buffer.from('second')), deliver(1, 3), content(1, Buffer.from('third')), deliver(1, 4), content(1, Buffer.from('late'))),
  ask(method(1, 60, 80, [2, 8], 1), method(1, 60, 90, [3, 8], 1)),
  ask(method(1, 60, 70, [0, 2], 'orders', 0), method(1, 60, 70, [0, 2], 'orders', 0)),
  answer(method(1, 60, 71, [5, 8], 0, 'shop', 'new', [9, 4]), content(1, Buffer.from('got')), method(1, 60, 72, '')),
])

const confirming = timed('confirms, a return and an error', [
  ...opening,
  ask(method(1, 85, 10, 0)),
  answer(method(1, 85, 11)),
  ask(...['a', 'b', 'c', 'd'].flatMap((key) => [publish(1, key), content(1, Buffer.from(key))])),
  answer(method(1, 60, 50, [312, 2], 'NO_ROUTE', 'shop', 'c'), content(1, Buffer.from('c')), method(1, 60, 80, [3, 8], 1), method(1, 60, 120, [4, 8], 0)),
  ask(method(1, 50, 10, [0, 2], 'missing', 1, NO_TABLE)),
  answer(method(1, 20, 40, [404, 2], 'NOT_FOUND', [50, 2], [10, 2])),
  ask(method(1, 20, 41)),
])

const refused = timed('a version that the server does not speak', [ask(Buffer.from('AMQP\x00\x00\x08\x00', 'latin1')), answer(HEADER)])
const newer = timed('AMQP 1.0', [ask(Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')), answer(Buffer.from('AMQP\x00\x01\x00\x00\x00\x00\x00\x20', 'latin1')), ask(Buffer.from('whatever'))])

export const SAMPLES: readonly Sample[] = [ordinary, consuming, confirming, refused, newer]
