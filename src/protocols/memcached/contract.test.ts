import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { memcached } from './memcached.ts'
import { SAMPLES, ask } from './samples.fixture.ts'

const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: string, ...prefix: string[]): Endless => ({
  name, side, block: Buffer.from(block, 'latin1'), prefix: prefix.map((bytes) => ({ ...ask(bytes), side })),
})

const ENDLESS: readonly Endless[] = [
  endless('a value that never ends', CLIENT, 'x'.repeat(1000), 'set k 0 0 1000000000\r\n'),
  endless('a value of the server that never ends', SERVER, 'x'.repeat(1000), 'VALUE k 0 1000000000\r\n'),
  endless('a line that never ends', CLIENT, 'cart:7 ', 'get '),
  endless('a line of the server that never ends', SERVER, 'abcdefgh', 'ERROR'),
  endless('values without end', SERVER, 'VALUE k 0 5\r\nvalue\r\n'),
  endless('statistics without end', SERVER, 'STAT name value\r\n'),
  endless('commands without answers', CLIENT, 'get cart:7\r\n'),
  endless('large commands without answers', CLIENT, `set k 0 0 9000\r\n${'v'.repeat(9000)}\r\n`),
  endless('quiet commands', CLIENT, 'mg cart:7 v q\r\n'),
  endless('answers without commands', SERVER, 'VALUE k 0 5\r\nvalue\r\nEND\r\n'),
  endless('large answers without commands', SERVER, `VALUE k 0 9000\r\n${'v'.repeat(9000)}\r\nEND\r\n`),
  endless('values that are longer than they say', CLIENT, 'set k 0 0 1\r\nlonger\r\n'),
  { ...endless('watched without end', SERVER, 'ts=1.0 gid=1 type=item_get key=k\r\n', 'OK\r\n'), prefix: [ask('watch\r\n'), { ...ask('OK\r\n'), side: SERVER }] },
  { ...endless('binary frames without end', CLIENT, ''), block: Buffer.concat([Buffer.from([0x80, 0, 0, 1]), Buffer.alloc(7), Buffer.from([1]), Buffer.alloc(12), Buffer.from('k')]), prefix: [] },
]

// Of the binary protocol nothing is said before the end.
contract(memcached, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 3 * 1024 * 1024 })
