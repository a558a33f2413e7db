import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { redis } from './redis.ts'
import { SAMPLES, answer, ask, bulk, command } from './samples.fixture.ts'

const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: string, ...prefix: string[]): Endless => ({
  name, side, block: Buffer.from(block, 'latin1'), prefix: prefix.map((bytes) => ({ ...ask(bytes), side })),
})

const ENDLESS: readonly Endless[] = [
  endless('a string that never ends', CLIENT, 'x'.repeat(1000), '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4000000000\r\n'),
  endless('a reply that never ends', SERVER, 'x'.repeat(1000), '$4000000000\r\n'),
  endless('values without end', SERVER, bulk('value'), '*4000000000\r\n'),
  endless('a streamed aggregate without end', SERVER, bulk('value'), '*?\r\n'),
  endless('a streamed string without end', SERVER, ';4\r\nabcd\r\n', '$?\r\n'),
  endless('arrays within arrays', SERVER, '*2\r\n'),
  endless('attributes without a value', SERVER, '|1\r\n+a\r\n+b\r\n'),
  endless('a status that never ends', SERVER, 'abcdefgh', '+'),
  endless('an inline command that never ends', CLIENT, 'abc ', 'SET '),
  endless('a count that never ends', CLIENT, '1', '*'),
  { ...endless('commands without replies', CLIENT, command('GET', 'cart:7'), 'PING\r\n'), sizeBytes: 32 * 1024 * 1024 },
  endless('large commands without replies', CLIENT, command('SET', 'k', 'v'.repeat(9000))),
  endless('replies without commands', SERVER, bulk('a value')),
  { ...endless('a transaction without end', CLIENT, '', ''), block: Buffer.from(command('SET', 'k', 'v')), prefix: [ask(command('MULTI')), answer('+OK\r\n')] },
  { ...endless('queued without end', SERVER, '+QUEUED\r\n'), prefix: [ask(command('MULTI') + command('SET', 'k', 'v').repeat(8000)), answer('+OK\r\n')] },
  { ...endless('confirmations without end', SERVER, '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n'), prefix: [ask(`*1000000\r\n${bulk('SUBSCRIBE')}${bulk('a').repeat(999_999)}`)] },
  { ...endless('published without end', SERVER, '>3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n'), prefix: [] },
  { ...endless('a snapshot without end', SERVER, 'abcdefgh'), prefix: [ask(command('PSYNC', '?', '-1')), answer(`+FULLRESYNC ${'a'.repeat(40)} 0\r\n$EOF:${'b'.repeat(40)}\r\n`)] },
  endless('line feeds without end', CLIENT, '\r\n', 'PING\r\n'),
  endless('half a command again and again', CLIENT, '*1\r\n$4\r\nPI*1\r\n$4\r\nPING\r\n', 'PING\r\n'),
]

// A line feed before the first command is nothing to mention.
contract(redis, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 5 * 1024 * 1024 })
