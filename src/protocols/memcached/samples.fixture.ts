import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { text } from '../contract.fixture.ts'

export const ask = (bytes: string, at = 1000): Step => text(CLIENT, bytes, at)
export const answer = (bytes: string, at = 1500): Step => text(SERVER, bytes, at)

/** A command or a line of an answer with the value that it announces. */
export function withValue(line: string, value: string): string {
  return `${line}\r\n${value}\r\n`
}

const CAFE = Buffer.from('{"name":"café"}').toString('latin1')

const storing: Sample = {
  name: 'storing and reading',
  steps: [
    ask(withValue('set cart:7 5 60 10', 'two apples'), 1000),
    answer('STORED\r\n', 1200),
    ask('get cart:7\r\n', 2000),
    answer(`${withValue('VALUE cart:7 5 10', 'two apples')}END\r\n`, 2100),
    ask('get none\r\n', 3000),
    answer('END\r\n', 3100),
    ask(withValue(`set json 0 0 ${CAFE.length}`, CAFE), 4000),
    answer('STORED\r\n', 4100),
    ask('gets cart:7 json other\r\n', 5000),
    answer(`${withValue('VALUE cart:7 5 10 18446744073709551615', 'two apples')}${withValue(`VALUE json 0 ${CAFE.length} 3`, CAFE)}END\r\n`, 5100),
    ask(withValue('cas cart:7 5 60 3 17', 'one'), 6000),
    answer('EXISTS\r\n', 6100),
    ask(withValue('add raw 0 0 4', '\x00\xff\r\n'), 7000),
    answer('STORED\r\n', 7100),
    ask('gat 60 raw\r\n', 8000),
    answer(`${withValue('VALUE raw 0 4', '\x00\xff\r\n')}END\r\n`, 8100),
    ask(withValue('set empty 0 0 0', ''), 9000),
    answer('STORED\r\n', 9100),
    ask(withValue('set huge 0 0 3000', 'x'.repeat(3000)), 9500),
    answer('SERVER_ERROR object too large for cache\r\n', 9600),
  ],
}

const counting: Sample = {
  name: 'pipelined, without replies, and errors',
  steps: [
    ask(`${withValue('set n 0 0 2 noreply', '10')}incr n 5\r\ndecr n 1 noreply\r\nincr n 1\r\ndelete none\r\ntouch n 60\r\n`, 1000),
    answer('15\r\n15\r\nNOT_FOUND\r\nTOUCHED\r\n', 1100),
    ask('incr cart:7 1\r\nwhat is this\r\nflush_all\r\nverbosity 1\r\n', 2000),
    answer('CLIENT_ERROR cannot increment or decrement non-numeric value\r\n', 2100),
    answer('ERROR\r\nOK\r\nOK\r\n', 2101),
    ask('quit\r\n', 3000),
  ],
}

const meta: Sample = {
  name: 'meta commands',
  steps: [
    ask(`${withValue('ms cart:7 10 T60 F5', 'two apples')}mg cart:7 v t f k\r\nmg none v\r\nmd none\r\nma n v D5\r\n`, 1000),
    answer(`HD\r\n${withValue('VA 10 t60 f5 kcart:7', 'two apples')}EN\r\nNF\r\n${withValue('VA 2', '20')}`, 1100),
    ask('mg a v q k\r\nmg b v q k\r\nmg c v q k O9\r\nmn\r\n', 2000),
    answer(`${withValue('VA 1 kb', 'x')}MN\r\n`, 2100),
    ask(`${withValue('ms a 1 q', 'x')}${withValue('ms b 1 q MA', 'y')}mn\r\nme cart:7\r\nme none\r\n`, 3000),
    answer('NS\r\nMN\r\nME cart:7 exp=59 la=1 cas=3 fetch=yes cls=1 size=70\r\nEN\r\n', 3100),
  ],
}

const admin: Sample = {
  name: 'statistics and watching',
  steps: [
    ask('stats\r\n', 1000),
    answer('STAT pid 12\r\nSTAT version 1.6.18\r\nSTAT libevent 2.1.12-stable\r\nEND\r\n', 1100),
    ask('version\r\n', 2000),
    answer('VERSION 1.6.18\r\n', 2100),
    ask('lru_crawler metadump all\r\n', 3000),
    answer('key=cart%3A7 exp=-1 la=1763720000 cas=3 fetch=yes cls=1 size=70\r\nEND\r\n', 3100),
    ask('watch fetchers\r\n', 4000),
    answer('OK\r\n', 4100),
    answer('ts=1763720000.123456 gid=3 type=item_get key=cart%3A7 status=found clsid=1 cfd=31 size=10\r\n', 4200),
  ],
}

function frame(magic: number, opcode: number, status: number, ...parts: readonly string[]): Buffer {
  const [extras = '', key = '', value = ''] = parts
  const header = Buffer.alloc(24)
  header.writeUInt8(magic, 0)
  header.writeUInt8(opcode, 1)
  header.writeUInt16BE(key.length, 2)
  header.writeUInt8(extras.length, 4)
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(extras.length + key.length + value.length, 8)
  return Buffer.concat([header, Buffer.from(extras + key + value, 'latin1')])
}

const binary: Sample = {
  name: 'binary protocol',
  steps: [
    { side: CLIENT, at: 1000, bytes: Buffer.concat([frame(0x80, 1, 0, '\0'.repeat(8), 'cart:7', 'two apples'), frame(0x80, 0, 0, '', 'cart:7'), frame(0x80, 0, 0, '', 'none')]) },
    { side: SERVER, at: 1100, bytes: Buffer.concat([frame(0x81, 1, 0), frame(0x81, 0, 0, '\0\0\0\0', '', 'two apples'), frame(0x81, 0, 1, '', '', 'Not found')]) },
    { side: CLIENT, at: 2000, bytes: frame(0x80, 7, 0) },
  ],
}

const first = (sample: Sample, command: string, reply: string): Sample => ({ ...sample, steps: [ask(command, 500), answer(reply, 600), ...sample.steps] })

/** Connections that other protocols could begin as well are led in by one that nobody else has. */
export const SAMPLES: readonly Sample[] = [storing, counting, meta, first(admin, 'touch n 60 noreply\r\nincr n 1\r\n', '1\r\n'), binary]
