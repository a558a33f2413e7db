import zlib from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { COMPRESS, CONNECT_WITH_DB, DEPRECATE_EOF, PLUGIN_AUTH, PROTOCOL_41, SECURE_CONNECTION, SSL } from './capabilities.ts'

export const u16 = (value: number): Buffer => Buffer.from([value & 255, value >> 8 & 255])
export const u24 = (value: number): Buffer => Buffer.from([value & 255, value >> 8 & 255, value >> 16 & 255])
export const u32 = (value: number): Buffer => Buffer.from([value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24])
export const text = (value: string): Buffer => Buffer.from(`${value}\0`)
export const sized = (value: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)])
export const packet = (sequence: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u24(body.length), Buffer.from([sequence]), body])
}
export const bytes = (...values: number[]): Buffer => Buffer.from(values)

const BASE = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | CONNECT_WITH_DB

export const greeting = (): Buffer => packet(0, bytes(10), text('8.0.33'), u32(7), Buffer.from('abcdefgh'), bytes(0), u16(0xffff), bytes(45), u16(2), u16(0xffff), bytes(21),
  Buffer.alloc(10), text('ijklmnopqrst'), text('mysql_native_password'))
export const loginPacket = (capabilities = BASE, sequence = 1): Buffer => packet(sequence, u32(capabilities), u32(1 << 24), bytes(45), Buffer.alloc(23), text('app'), sized('secret'), text('shop'),
  text('mysql_native_password'))
export const sslRequest = (): Buffer => packet(1, u32(BASE | SSL), u32(1 << 24), bytes(45), Buffer.alloc(23))
export const ok = (sequence: number, affected = 0, status = 2, header = 0): Buffer => packet(sequence, bytes(header, affected, 0), u16(status), u16(0))
export const eof = (sequence: number, status = 2): Buffer => packet(sequence, bytes(0xfe), u16(0), u16(status))
export const error = (sequence: number, code: number, state: string, sentence: string): Buffer => packet(sequence, bytes(0xff), u16(code), Buffer.from(`#${state}${sentence}`))
export const column = (sequence: number, name: string, type: number, charset = 45): Buffer =>
  packet(sequence, ...['def', 'shop', 'items', 'items', name, name].map(sized), bytes(12), u16(charset), u32(40), bytes(type), u16(0), bytes(0, 0, 0))
export const query = (sql: string): Buffer => packet(0, bytes(3), Buffer.from(sql))

/** Steps of a conversation, a millisecond apart. */
export function talk(...said: (readonly [side: Side, ...parts: Uint8Array[]])[]): Step[] {
  return said.map(([side, ...parts], i) => ({ side, bytes: Buffer.concat(parts), at: 1_000_000 + i * 1000 }))
}

type Said = readonly [Side, ...Uint8Array[]]
export const login = (capabilities = BASE): Said[] => [[SERVER, greeting()], [CLIENT, loginPacket(capabilities)], [SERVER, ok(2)]]

function packed(sequence: number, inner: Uint8Array, isRaw = false): Buffer {
  const body = isRaw ? inner : zlib.deflateSync(inner)
  return Buffer.concat([u24(body.length), bytes(sequence), u24(isRaw ? 0 : inner.length), body])
}

const ITEMS = Buffer.concat([packet(1, bytes(2)), column(2, 'id', 3, 63), column(3, 'name', 253), eof(4), packet(5, sized('1'), sized('Grüße')), packet(6, sized('2'), bytes(0xfb)), eof(7)])

export const SAMPLES: readonly Sample[] = [
  {
    name: 'queries, several results, an error, other commands',
    steps: talk(...login(),
      [CLIENT, query('SELECT id, name\n FROM items')], [SERVER, ITEMS],
      [CLIENT, query('CALL twice()')],
      [SERVER, packet(1, bytes(1)), column(2, 'a', 3), eof(3), packet(4, sized('1')), eof(5, 10), ok(6, 3)],
      [CLIENT, query('SELECT broken')], [SERVER, error(1, 1054, '42S22', "Unknown column 'broken'")],
      [CLIENT, packet(0, bytes(14))], [SERVER, ok(1)],
      [CLIENT, packet(0, bytes(2), Buffer.from('shop'))], [SERVER, ok(1)],
      [CLIENT, packet(0, bytes(9))], [SERVER, packet(1, Buffer.from('Uptime: 7'))],
      [CLIENT, packet(0, bytes(4), text('items'))], [SERVER, column(1, 'id', 3), eof(2)],
      [CLIENT, packet(0, bytes(1))]),
  },
  {
    name: 'prepared statements',
    steps: talk(...login(BASE | DEPRECATE_EOF),
      [CLIENT, packet(0, bytes(0x16), Buffer.from('SELECT ? AS n, ? AS t'))],
      [SERVER, packet(1, bytes(0), u32(1), u16(2), u16(2), bytes(0), u16(0)), column(2, '?', 3), column(3, '?', 253), column(4, 'n', 3, 63), column(5, 't', 253)],
      [CLIENT, packet(0, bytes(0x17), u32(1), bytes(0), u32(1), bytes(0, 1, 3, 0, 253, 0), u32(41), sized('abc'))],
      [SERVER, packet(1, bytes(2)), column(2, 'n', 3, 63), column(3, 't', 253), packet(4, bytes(0, 0), u32(41), sized('abc')), ok(5, 0, 2, 0xfe)],
      [CLIENT, packet(0, bytes(0x18), u32(1), u16(1), Buffer.from('a long text'))],
      [CLIENT, packet(0, bytes(0x17), u32(1), bytes(0), u32(1), bytes(1, 0))],
      [SERVER, error(1, 1210, 'HY000', 'Incorrect arguments')],
      [CLIENT, packet(0, bytes(0x1a), u32(1))], [SERVER, ok(1)],
      [CLIENT, packet(0, bytes(0x19), u32(1))],
      [CLIENT, packet(0, bytes(0x17), u32(9), bytes(0), u32(1), bytes(0))], [SERVER, error(1, 1243, 'HY000', 'Unknown prepared statement handler')]),
  },
  {
    name: 'an authentication in steps, a file from the client, another user',
    steps: talk(
      [SERVER, greeting()], [CLIENT, loginPacket()],
      [SERVER, packet(2, bytes(0xfe), text('caching_sha2_password'), Buffer.from('salt'))], [CLIENT, packet(3, Buffer.from('scrambled'))],
      [SERVER, packet(4, bytes(1, 4))], [CLIENT, packet(5, bytes(2))], [SERVER, packet(6, bytes(1), Buffer.from('-----BEGIN PUBLIC KEY-----'))],
      [CLIENT, packet(7, Buffer.from('encrypted'))], [SERVER, ok(8)],
      [CLIENT, query("LOAD DATA LOCAL INFILE 'a.csv' INTO TABLE items")], [SERVER, packet(1, bytes(0xfb), Buffer.from('a.csv'))],
      [CLIENT, packet(2, Buffer.from('1,one\n2,two\n')), packet(3)], [SERVER, packet(4, bytes(0xff, 0xff, 0xff), bytes(1, 1, 50)), ok(5, 2)],
      [CLIENT, packet(0, bytes(0x11), text('other'), sized('secret'), text('shop'), u16(45), text('mysql_native_password'))], [SERVER, error(1, 1045, '28000', 'Access denied')]),
  },
  {
    name: 'compressed',
    steps: talk(...login(BASE | COMPRESS),
      [CLIENT, packed(0, query('SELECT 1'), true)], [SERVER, packed(1, ITEMS)],
      [CLIENT, packed(0, query(`SELECT '${'compress me '.repeat(20)}'`))], [SERVER, packed(1, ITEMS.subarray(0, 50)), packed(2, ITEMS.subarray(50))]),
  },
  {
    name: 'replication',
    steps: talk(...login(), [CLIENT, packet(0, bytes(0x12), u32(4), u16(0), u32(99), Buffer.from('binlog.000001'))],
      [SERVER, packet(1, bytes(0), Buffer.from('an event')), packet(2, bytes(0), Buffer.from('another')), eof(3)]),
  },
  { name: 'encryption', steps: talk([SERVER, greeting()], [CLIENT, sslRequest(), Buffer.from('\x16\x03\x01\x00\x05hello', 'latin1')], [SERVER, Buffer.from('\x16\x03\x03', 'latin1')]) },
  { name: 'a refused connection', steps: talk([SERVER, packet(0, bytes(0xff), u16(1040), Buffer.from('Too many connections'))]) },
]
