import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { text } from '../contract.fixture.ts'

export const ask = (bytes: string, at = 1000): Step => text(CLIENT, bytes, at)
export const answer = (bytes: string, at = 1500): Step => text(SERVER, bytes, at)

/** A command as clients send it; one character a byte. */
export function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map(bulk).join('')}`
}

export function bulk(bytes: string): string {
  return `$${bytes.length}\r\n${bytes}\r\n`
}

const CAFE = Buffer.from('café').toString('latin1')

const basics: Sample = {
  name: 'commands one by one',
  steps: [
    ask(command('SET', 'cart:7', 'two apples', 'EX', '60'), 1000),
    answer('+OK\r\n', 1200),
    ask(command('get', 'cart:7'), 2000),
    answer(bulk('two apples'), 2100),
    ask(command('GET', 'none'), 3000),
    answer('$-1\r\n', 3100),
    ask(command('LRANGE', 'list', '0', '-1'), 4000),
    answer(`*3\r\n${bulk('a')}${bulk(CAFE)}${bulk('\x00\xff')}`, 4100),
    ask(command('INCR', 'cart:7'), 5000),
    answer('-WRONGTYPE Operation against a key holding the wrong kind of value\r\n', 5100),
    ask(command('GET', 'elsewhere'), 6000),
    answer('-MOVED 3999 127.0.0.1:6381\r\n', 6100),
    ask(command('SET', 'big', 'x'.repeat(3000)), 7000),
    answer('-OOM command not allowed when used memory > \'maxmemory\'.\r\n', 7100),
  ],
}

const pipelined: Sample = {
  name: 'pipelined, and inline',
  steps: [
    ask(`PING\r\nset k "v w"\r\n\r\n${command('INCR', 'n')}${command('HGETALL', 'h')}`, 1000),
    answer('+PONG\r\n+OK\r\n:1\r\n*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n*-1\r\n', 1100),
    ask(command('INCRBY', 'n', '5'), 2000),
    ask(command('STRLEN', 'n'), 2001),
    answer(':9223372036854775807\r\n', 2100),
    answer(':1\r\n', 2101),
  ],
}

const resp3: Sample = {
  name: 'RESP3',
  steps: [
    ask(command('HELLO', '3', 'AUTH', 'shop', 'secret-word', 'SETNAME', 'cart'), 1000),
    answer('%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n', 1100),
    ask(command('A', 'all'), 2000),
    answer('*13\r\n#t\r\n#f\r\n,3.25\r\n,inf\r\n(3492890328409238509324850943850943825024385\r\n_\r\n=15\r\ntxt:Some string\r\n~2\r\n+a\r\n:-2\r\n'
      + '%2\r\n:1\r\n+one\r\n:2\r\n+two\r\n!9\r\nERR inner\r\n*0\r\n$0\r\n\r\n*1\r\n*1\r\n+deep\r\n', 2100),
    ask(command('GET', 'popular'), 3000),
    answer('|1\r\n+key-popularity\r\n%1\r\n$1\r\na\r\n,0.19\r\n$5\r\nvalue\r\n', 3100),
    ask(command('GET', 'streamed'), 4000),
    answer('*?\r\n$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;0\r\n:1\r\n.\r\n', 4100),
    answer('>2\r\n$10\r\ninvalidate\r\n*1\r\n$6\r\ncart:7\r\n', 4200),
    ask(command('QUIT'), 5000),
    answer('+OK\r\n', 5100),
  ],
}

const subscribed: Sample = {
  name: 'publish and subscribe',
  steps: [
    ask(command('SUBSCRIBE', 'orders', 'news'), 1000),
    answer('*3\r\n$9\r\nsubscribe\r\n$6\r\norders\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:2\r\n', 1100),
    answer('*3\r\n$7\r\nmessage\r\n$6\r\norders\r\n$5\r\nno. 7\r\n', 2000),
    ask(command('PSUBSCRIBE', 'o*'), 3000),
    answer('*3\r\n$10\r\npsubscribe\r\n$2\r\no*\r\n:3\r\n*4\r\n$8\r\npmessage\r\n$2\r\no*\r\n$6\r\norders\r\n$5\r\nno. 8\r\n', 3100),
    ask(command('PING'), 4000),
    answer('*2\r\n$4\r\npong\r\n$0\r\n\r\n', 4100),
    ask(command('UNSUBSCRIBE'), 5000),
    answer('*3\r\n$11\r\nunsubscribe\r\n$6\r\norders\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:1\r\n', 5100),
  ],
}

const transaction: Sample = {
  name: 'a transaction',
  steps: [
    ask(command('MULTI') + command('SET', 'k', '1') + command('LPUSH', 'k', 'x') + command('GET', 'k') + command('EXEC'), 1000),
    answer('+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n-WRONGTYPE Operation\r\n$1\r\n1\r\n', 1100),
    ask(command('MULTI') + command('DISCARD'), 2000),
    answer('+OK\r\n+OK\r\n', 2100),
    ask(command('MULTI') + command('GETT', 'k') + command('EXEC'), 3000),
    answer('+OK\r\n-ERR unknown command\r\n-EXECABORT Transaction discarded because of previous errors.\r\n', 3100),
  ],
}

const replication: Sample = {
  name: 'replication',
  steps: [
    ask(command('PING'), 1000),
    answer('+PONG\r\n', 1100),
    ask(command('REPLCONF', 'capa', 'eof'), 1200),
    answer('+OK\r\n', 1300),
    ask(command('PSYNC', '?', '-1'), 2000),
    answer(`+FULLRESYNC ${'ab'.repeat(20)} 0\r\n\n\n$20\r\nREDIS0011\r\n*1\r\n$4\r\nx${command('SELECT', '0')}`, 2100),
    answer(command('SET', 'k', 'v'), 2200),
    ask(command('REPLCONF', 'ACK', '14'), 3000),
    answer(command('REPLCONF', 'GETACK', '*'), 3100),
  ],
}

const diskless: Sample = {
  name: 'replication with an end mark',
  steps: [
    ask(command('PSYNC', '?', '-1'), 2000),
    answer(`+FULLRESYNC ${'ab'.repeat(20)} 0\r\n$EOF:${'aab'.repeat(13)}c\r\nREDIS${'aab'.repeat(14)}c${command('PING')}`, 2100),
  ],
}

const silent: Sample = {
  name: 'monitor, and no replies',
  steps: [
    ask(command('CLIENT', 'REPLY', 'SKIP') + command('SET', 'a', '1') + command('GET', 'a'), 1000),
    answer('$1\r\n1\r\n', 1100),
    ask(command('CLIENT', 'REPLY', 'OFF') + command('SET', 'a', '2') + command('CLIENT', 'REPLY', 'ON'), 2000),
    answer('+OK\r\n', 2100),
    ask(command('MONITOR'), 3000),
    answer('+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"\r\n', 3100),
  ],
}

export const SAMPLES: readonly Sample[] = [basics, pipelined, resp3, subscribed, transaction, replication, diskless, silent]
