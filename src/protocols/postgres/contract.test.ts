import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { postgres } from './postgres.ts'
import { BOUND, PARSED, SAMPLES, SYNC, bind, close, columns, execute, login, message, parse, query, ready, row, startup, tag, talk, text, u16, u32 } from './samples.fixture.ts'

const endless = (name: string, side: Side, block: Uint8Array, ...more: (readonly [Side, ...Uint8Array[]])[]): Endless =>
  ({ name, side, block, prefix: talk(...login(), ...more) })

const head = (type: string, size: number): Buffer => Buffer.concat([Buffer.from(type), u32(size)])
const LETTERS = Buffer.from('abcdefgh')

const ENDLESS: readonly Endless[] = [
  endless('a query without end', CLIENT, LETTERS, [CLIENT, head('Q', 0x3fff_fff0)]),
  endless('a row without end', SERVER, LETTERS, [CLIENT, query('SELECT 1')], [SERVER, columns(['a', 25]), head('D', 0x3fff_fff0)]),
  endless('rows without end', SERVER, row('some text', null, '7'), [CLIENT, query('SELECT 1')], [SERVER, columns(['a', 25])]),
  endless('results without end', SERVER, tag('INSERT 0 1'), [CLIENT, query('SELECT 1')]),
  endless('descriptions without end', SERVER, columns(['a', 25]), [CLIENT, query('SELECT 1')]),
  endless('notices without end', SERVER, message('N', text('SNOTICE'), text(`M${'x'.repeat(500)}`), Buffer.from([0])), [CLIENT, query('SELECT 1')]),
  endless('parameters without end', SERVER, message('S', text('name'), text('value')), [CLIENT, query('SELECT 1')]),
  endless('queries without answers', CLIENT, query('SELECT 1')),
  endless('long queries without answers', CLIENT, query(`SELECT '${'x'.repeat(20_000)}'`)),
  endless('executions without Sync', CLIENT, Buffer.concat([parse('', 'SELECT 1'), bind('', '', 'abc'), execute('')])),
  endless('executions after a failure', CLIENT, Buffer.concat([bind('', '', 'abc'), execute('')]), [CLIENT, bind('', 'none')], [SERVER, message('E', text('SERROR'), text('C26000'), Buffer.from([0]))]),
  endless('Syncs without answers', CLIENT, SYNC),
  endless('steps without an execution', CLIENT, close('P', 'x')),
  endless('a portal for each block', CLIENT, Buffer.concat([bind('p', '', 'x'.repeat(5000)), bind('q', '', 'x'.repeat(5000))])),
  endless('copied data without end', CLIENT, message('d', LETTERS), [CLIENT, query('COPY a FROM STDIN')], [SERVER, message('G', Buffer.from([0]), u16(0))]),
  endless('authentication without end', SERVER, message('R', u32(8), Buffer.alloc(500)), [CLIENT, startup('user', 'a')]),
  endless('answers without requests', SERVER, Buffer.concat([columns(['a', 25]), row('x'), tag('SELECT 1'), ready()])),
  endless('one answer without a request', SERVER, Buffer.concat([PARSED, BOUND, row('x')])),
  { name: 'bytes behind a request for encryption', side: CLIENT, block: LETTERS, prefix: talk([CLIENT, Buffer.concat([u32(8), u32(80877103)])]) },
]

contract(postgres, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 3 * 1024 * 1024, silentBytes: 8 })
