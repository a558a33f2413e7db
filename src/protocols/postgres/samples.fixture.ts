import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'

export const u16 = (value: number): Buffer => Buffer.from([value >> 8 & 255, value & 255])
export const u32 = (value: number): Buffer => Buffer.from([value >>> 24, value >> 16 & 255, value >> 8 & 255, value & 255])
export const text = (value: string): Buffer => Buffer.from(`${value}\0`)
export const message = (type: string, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), u32(body.length + 4), body])
}
export const startup = (...parameters: string[]): Buffer => {
  const body = Buffer.concat([u32(196608), ...parameters.map(text), Buffer.from([0])])
  return Buffer.concat([u32(body.length + 4), body])
}
export const request = (code: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat([u32(code), ...parts])
  return Buffer.concat([u32(body.length + 4), body])
}
export const query = (sql: string): Buffer => message('Q', text(sql))
export const parse = (name: string, sql: string, ...types: number[]): Buffer => message('P', text(name), text(sql), u16(types.length), ...types.map(u32))
export const bind = (portal: string, name: string, ...values: string[]): Buffer =>
  message('B', text(portal), text(name), u16(0), u16(values.length), ...values.flatMap((v) => [u32(Buffer.byteLength(v)), Buffer.from(v)]), u16(0))
export const describe = (kind: string, name: string): Buffer => message('D', Buffer.from(kind), text(name))
export const execute = (portal: string, rows = 0): Buffer => message('E', text(portal), u32(rows))
export const close = (kind: string, name: string): Buffer => message('C', Buffer.from(kind), text(name))
export const SYNC = message('S')

export const ready = (state = 'I'): Buffer => message('Z', Buffer.from(state))
export const tag = (value: string): Buffer => message('C', text(value))
export const columns = (...names: [name: string, type: number][]): Buffer =>
  message('T', u16(names.length), ...names.flatMap(([name, type]) => [text(name), u32(0), u16(0), u32(type), u16(4), u32(0xffff_ffff), u16(0)]))
export const row = (...values: (string | null)[]): Buffer =>
  message('D', u16(values.length), ...values.flatMap((v) => v === null ? [u32(0xffff_ffff)] : [u32(Buffer.byteLength(v)), Buffer.from(v)]))
export const error = (code: string, sentence: string, severity = 'ERROR'): Buffer =>
  message('E', text(`S${severity}`), text(`V${severity}`), text(`C${code}`), text(`M${sentence}`), Buffer.from([0]))
export const PARSED = message('1'), BOUND = message('2'), CLOSED = message('3'), NO_DATA = message('n')

/** Steps of a conversation, a millisecond apart. */
export function talk(...said: (readonly [side: Side, ...parts: Uint8Array[]])[]): Step[] {
  return said.map(([side, ...parts], i) => ({ side, bytes: Buffer.concat(parts), at: 1_000_000 + i * 1000 }))
}

const LOGIN = [
  [CLIENT, startup('user', 'app', 'database', 'shop', 'application_name', 'test')],
  [SERVER, message('R', u32(10), text('SCRAM-SHA-256'), Buffer.from([0]))],
  [CLIENT, message('p', text('SCRAM-SHA-256'), u32(9), Buffer.from('n,,n=,r=a'))],
  [SERVER, message('R', u32(11), Buffer.from('r=ab,s=c,i=4096'))],
  [CLIENT, message('p', Buffer.from('c=biws,r=ab,p=proof'))],
  [SERVER, message('R', u32(12), Buffer.from('v=sig')), message('R', u32(0)), message('S', text('server_version'), text('15.18')), message('K', u32(4711), u32(99)), ready()],
] as const satisfies (readonly [Side, ...Uint8Array[]])[]

export const login = (): (readonly [Side, ...Uint8Array[]])[] => [...LOGIN]

export const SAMPLES: readonly Sample[] = [
  {
    name: 'simple queries, an error, a notice, a notification',
    steps: talk(...LOGIN,
      [CLIENT, query('SELECT id, name\n  FROM items')],
      [SERVER, columns(['id', 23], ['name', 25]), row('1', 'Grüße'), row('2', null), tag('SELECT 2'), ready()],
      [CLIENT, query('SELECT 1; INSERT INTO items VALUES (3)')],
      [SERVER, columns(['?column?', 23]), row('1'), tag('SELECT 1'), tag('INSERT 0 1'), ready('T')],
      [CLIENT, query('SELECT broken')],
      [SERVER, message('N', text('SNOTICE'), text('C00000'), text('Mlook'), Buffer.from([0])), error('42703', 'column "broken" does not exist'), ready('E')],
      [SERVER, message('A', u32(12), text('news'), text('hello'))],
      [CLIENT, query('')],
      [SERVER, message('I'), ready()],
      [CLIENT, message('X')]),
  },
  {
    name: 'the extended protocol, pipelined, with a failure',
    steps: talk(...LOGIN,
      [CLIENT, parse('s1', 'SELECT $1::int4 AS n', 23), describe('S', 's1'), SYNC],
      [SERVER, PARSED, message('t', u16(1), u32(23)), columns(['n', 23]), ready()],
      [CLIENT, bind('', 's1', '41'), execute(''), bind('', 's1', '42'), execute(''), SYNC],
      [SERVER, BOUND, row('41'), tag('SELECT 1'), BOUND, row('42'), tag('SELECT 1'), ready()],
      [CLIENT, parse('', 'SELECT 1/0'), bind('', ''), execute(''), parse('', 'SELECT 3'), bind('', ''), execute(''), SYNC, query('SELECT 4')],
      [SERVER, PARSED, BOUND, error('22012', 'division by zero'), ready(), columns(['?column?', 23]), row('4'), tag('SELECT 1'), ready()],
      [CLIENT, parse('', 'SELECT g FROM t'), bind('c1', ''), execute('c1', 1), SYNC],
      [SERVER, PARSED, BOUND, row('1'), message('s'), ready('T')],
      [CLIENT, close('P', 'c1'), close('S', 's1'), SYNC],
      [SERVER, CLOSED, CLOSED, ready()]),
  },
  {
    name: 'copies both ways, a function call, a fatal error',
    steps: talk(...LOGIN,
      [CLIENT, query('COPY items FROM STDIN')],
      [SERVER, message('G', Buffer.from([0]), u16(1), u16(0))],
      [CLIENT, message('d', Buffer.from('1\tone\n')), message('d', Buffer.from('2\ttwo\n')), message('c')],
      [SERVER, tag('COPY 2'), ready()],
      [CLIENT, query('COPY items TO STDOUT')],
      [SERVER, message('H', Buffer.from([0]), u16(1), u16(0)), message('d', Buffer.from('1\tone\n')), message('c'), tag('COPY 1'), ready()],
      [CLIENT, message('F', u32(1598), u16(0), u16(0), u16(0))],
      [SERVER, message('V', u32(3), Buffer.from('0.5')), ready()],
      [SERVER, error('57P01', 'terminating connection due to administrator command', 'FATAL')]),
  },
  {
    name: 'encryption refused, then a replication stream',
    steps: talk(
      [CLIENT, request(80877104)], [SERVER, Buffer.from('N')], [CLIENT, request(80877103)], [SERVER, Buffer.from('N')],
      [CLIENT, startup('user', 'replica', 'replication', 'true')], [SERVER, message('R', u32(0)), ready()],
      [CLIENT, query('START_REPLICATION PHYSICAL 0/1000000')],
      [SERVER, message('W', Buffer.from([0]), u16(0)), message('d', Buffer.from('wal record')), message('d', Buffer.from('another'))],
      [CLIENT, message('d', Buffer.from('r status'))]),
  },
  { name: 'encryption accepted', steps: talk([CLIENT, request(80877103)], [SERVER, Buffer.from('S')], [CLIENT, Buffer.from('\x16\x03\x01\x00\x05hello', 'latin1')], [SERVER, Buffer.from('\x16\x03\x03', 'latin1')]) },
  { name: 'a cancel request', steps: talk([CLIENT, request(80877102, u32(4711), u32(99))]) },
]
