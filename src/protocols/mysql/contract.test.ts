import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { COMPRESS, PROTOCOL_41, SECURE_CONNECTION } from './capabilities.ts'
import { mysql } from './mysql.ts'
import { SAMPLES, bytes, column, eof, greeting, login, loginPacket, ok, packet, query, sized, talk, text, u16, u24, u32 } from './samples.fixture.ts'

const endless = (name: string, side: Side, block: Uint8Array, ...more: (readonly [Side, ...Uint8Array[]])[]): Endless =>
  ({ name, side, block, prefix: talk(...login(), ...more) })

const LETTERS = Buffer.from('abcdefgh')
const FULL = Buffer.concat([u24(0xff_ffff), bytes(0)])
const ANSWER = [packet(1, bytes(1)), column(2, 'a', 253), eof(3)] as const
const prepare = (): Buffer => packet(0, bytes(0x16), Buffer.from('SELECT ?'))

const ENDLESS: readonly Endless[] = [
  endless('a query without end', CLIENT, LETTERS, [CLIENT, FULL, bytes(3)]),
  endless('a row without end', SERVER, LETTERS, [CLIENT, query('SELECT 1')], [SERVER, ...ANSWER, FULL]),
  endless('rows without end', SERVER, packet(4, sized('some text')), [CLIENT, query('SELECT 1')], [SERVER, ...ANSWER]),
  endless('results without end', SERVER, ok(1, 0, 10), [CLIENT, query('SELECT 1')]),
  endless('columns without end', SERVER, column(2, 'a', 253), [CLIENT, query('SELECT 1')], [SERVER, packet(1, bytes(0xfc), u16(0xffff))]),
  endless('a list of fields without end', SERVER, column(2, 'a', 253), [CLIENT, packet(0, bytes(4), text('items'))]),
  endless('queries without answers', CLIENT, query('SELECT 1')),
  endless('long queries without answers', CLIENT, query(`SELECT '${'x'.repeat(20_000)}'`)),
  endless('preparations without answers', CLIENT, prepare()),
  endless('pieces of parameters without end', CLIENT, packet(0, bytes(0x18), u32(1), u16(1), LETTERS)),
  endless('an authentication without end', SERVER, packet(4, bytes(1), Buffer.alloc(500)), [CLIENT, packet(0, bytes(0x11), text('a'), sized(''), text(''))]),
  endless('a file without end', CLIENT, packet(2, LETTERS), [CLIENT, query('LOAD DATA')], [SERVER, packet(1, bytes(0xfb), Buffer.from('a'))]),
  endless('events without end', SERVER, packet(1, bytes(0), LETTERS), [CLIENT, packet(0, bytes(0x12), u32(4), u16(0), u32(1))]),
  endless('answers without requests', SERVER, ok(1)),
  endless('errors without requests', SERVER, packet(0, bytes(0xff), u16(1045), Buffer.from('#28000no'))),
  { name: 'a bomb', side: SERVER, block: Buffer.concat([u24(8), bytes(0), u24(0xff_ffff), LETTERS]), prefix: talk([SERVER, greeting()], [CLIENT, loginPacket(PROTOCOL_41 | SECURE_CONNECTION | COMPRESS)], [SERVER, ok(2)], [CLIENT, Buffer.concat([u24(12), bytes(0), u24(0)]), query('SELECT 1')]) },
  { name: 'a compressed packet without end', side: SERVER, block: LETTERS, prefix: talk([SERVER, greeting()], [CLIENT, loginPacket(PROTOCOL_41 | SECURE_CONNECTION | COMPRESS)], [SERVER, ok(2), u24(0xff_ffff), bytes(1), u24(0)]) },
]

contract(mysql, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 4 * 1024 * 1024, silentBytes: 5 })
