import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { dns } from './dns.ts'
import { SAMPLES, address, answer, ask, framed, message, opt, step, u16 } from './wire.fixture.ts'

const START = [step(CLIENT, 1, ask('A', 'first.example', 1)), step(SERVER, 2, answer('A', 'first.example', [], 1))]
const queries = Buffer.concat(Array.from({ length: 300 }, (_, i) => framed(ask('A', `host-${i}.example`, i))))
const answers = Buffer.concat(Array.from({ length: 300 }, (_, i) => framed(answer('A', `host-${i}.example`, [address(`host-${i}.example`, '192.0.2.1')], i))))
const large = message({ id: 3, questions: [['TXT', 'large.example']], additionals: [opt(Buffer.concat([u16(12, 60_000), Buffer.alloc(60_000)]))] })
const transfer = message({ id: 9, flags: 0x8480, answers: Array.from({ length: 500 }, (_, i) => address(`host-${i}.example`, '192.0.2.1')) })

const ENDLESS: readonly Endless[] = [
  { name: 'queries without answers', prefix: START, side: CLIENT, block: queries },
  { name: 'large queries without answers', prefix: START, side: CLIENT, block: framed(large) },
  { name: 'answers without queries', prefix: START, side: SERVER, block: answers },
  { name: 'a length without a message', prefix: START, side: CLIENT, block: Buffer.from([0xff, 0xff]) },
  { name: 'a zone without end', prefix: [...START, step(CLIENT, 3, message({ id: 9, flags: 0, questions: [['AXFR', 'example']] }))], side: SERVER, block: framed(transfer) },
]

contract(dns, SAMPLES, { endless: ENDLESS, silentBytes: 0 })
