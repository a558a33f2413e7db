import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'

const TYPES: Record<string, number> = {
  A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, IXFR: 251, AXFR: 252, ANY: 255, HTTPS: 65, TSIG: 250,
}

export interface RecordBytes { readonly name: string, readonly type: string | number, readonly class?: number, readonly ttl?: number, readonly data: Uint8Array }
export interface MessageBytes {
  readonly id?: number
  readonly flags?: number
  readonly questions?: readonly (readonly [type: string | number, name: string, value?: number])[]
  readonly answers?: readonly RecordBytes[]
  readonly authorities?: readonly RecordBytes[]
  readonly additionals?: readonly RecordBytes[]
}

const numberOf = (type: string | number): number => typeof type === 'number' ? type : TYPES[type]!

export function u16(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8 & 255, value & 255]))
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** Without compression. `.` is the root. */
export function name(text: string): Buffer {
  const labels = text === '.' || text === '' ? [] : text.split('.')
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]), Buffer.from([0])])
}

function record(r: RecordBytes): Buffer {
  return Buffer.concat([name(r.name), u16(numberOf(r.type), r.class ?? 1), u32(r.ttl ?? 60), u16(r.data.length), r.data])
}

export function message(m: MessageBytes): Buffer {
  const { questions = [], answers = [], authorities = [], additionals = [] } = m
  return Buffer.concat([
    u16(m.id ?? 7, m.flags ?? 0x0100, questions.length, answers.length, authorities.length, additionals.length),
    ...questions.map(([type, of, value]) => Buffer.concat([name(of), u16(numberOf(type), value ?? 1)])),
    ...[...answers, ...authorities, ...additionals].map(record),
  ])
}

/** With its length before it. */
export function framed(bytes: Uint8Array): Buffer {
  return Buffer.concat([u16(bytes.length), bytes])
}

export function step(side: Side, at: number, ...messages: Uint8Array[]): Step {
  return { side, bytes: Buffer.concat(messages.map(framed)), at }
}

export function opt(options: Uint8Array = Buffer.alloc(0), udpBytes = 1232, ttl = 0): RecordBytes {
  return { name: '.', type: 'OPT', class: udpBytes, ttl, data: options }
}

export function ask(type: string, of: string, id = 7): Buffer {
  return message({ id, questions: [[type, of]], additionals: [opt()] })
}

export function address(of: string, ip: string): RecordBytes {
  return { name: of, type: 'A', data: Buffer.from(ip.split('.').map(Number)) }
}

export function answer(type: string, of: string, answers: readonly RecordBytes[], id = 7, rcode = 0): Buffer {
  return message({ id, flags: 0x8180 | rcode, questions: [[type, of]], answers, additionals: [opt()] })
}

export function soa(of: string, serial: number): RecordBytes {
  return { name: of, type: 'SOA', data: Buffer.concat([name('ns.example'), name('admin.example'), u32(serial), u32(3600), u32(600), u32(86400), u32(60)]) }
}

const WEB = 'web.shop.svc.cluster.local'
const transferPart = (answers: readonly RecordBytes[], first: boolean): Buffer =>
  message({ id: 9, flags: 0x8480, questions: first ? [['AXFR', 'example']] : [], answers })

/** Whole TCP connections. */
export const SAMPLES: readonly Sample[] = [
  {
    name: 'a query and its answer',
    steps: [step(CLIENT, 100, ask('A', WEB)), step(SERVER, 900, answer('A', WEB, [address(WEB, '10.0.0.7'), address(WEB, '10.0.0.8')]))],
  },
  {
    name: 'pipelined, answered out of order, one name that is not there',
    steps: [
      step(CLIENT, 100, ask('A', 'a.example', 1), ask('AAAA', 'a.example', 2), ask('MX', 'none.example', 3)),
      step(SERVER, 300, answer('MX', 'none.example', [], 3, 3)),
      step(SERVER, 500, answer('AAAA', 'a.example', [], 2), answer('A', 'a.example', [address('a.example', '192.0.2.1')], 1)),
    ],
  },
  {
    name: 'a zone transfer in three messages, then a query',
    steps: [
      step(CLIENT, 100, message({ id: 9, flags: 0, questions: [['AXFR', 'example']] })),
      step(SERVER, 200, transferPart([soa('example', 5), address('a.example', '192.0.2.1')], true)),
      step(SERVER, 300, transferPart([address('b.example', '192.0.2.2')], false), transferPart([address('c.example', '192.0.2.3'), soa('example', 5)], false)),
      step(CLIENT, 400, ask('TXT', 'example', 10)),
      step(SERVER, 450, answer('TXT', 'example', [{ name: 'example', type: 'TXT', data: Buffer.from('\x03abc\x05d "e"', 'latin1') }], 10)),
    ],
  },
  {
    name: 'an update that is refused',
    steps: [
      step(CLIENT, 100, message({ id: 4, flags: 0x2800, questions: [['SOA', 'example']], authorities: [address('new.example', '192.0.2.9')] })),
      step(SERVER, 700, message({ id: 4, flags: 0xa805, questions: [['SOA', 'example']] })),
    ],
  },
]
