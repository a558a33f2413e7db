import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import { SAMPLES, ask } from './samples.fixture.ts'

const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: string, ...prefix: string[]): Endless => ({
  name, side, block: Buffer.from(block, 'latin1'), prefix: prefix.map((bytes) => ({ ...ask(bytes), side })),
})

const REQUEST = 'GET / HTTP/1.1\r\n'
const ENDLESS: readonly Endless[] = [
  endless('a header value without end', CLIENT, 'x'.repeat(1000), `${REQUEST}A: `),
  endless('header lines without end', CLIENT, 'A: b\r\n', REQUEST),
  endless('a target without end', CLIENT, 'a', 'GET /'),
  endless('a body without end', SERVER, 'abcdefgh', 'HTTP/1.0 200 OK\r\n\r\n'),
  endless('a long body', CLIENT, 'abcdefgh', 'PUT / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n'),
  endless('chunks without end', SERVER, '3\r\nabc\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
  endless('a chunk extension without end', SERVER, 'x', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;'),
  endless('trailers without end', SERVER, 'A: b\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n'),
  endless('requests without answers', CLIENT, `${REQUEST}Host: a\r\n\r\n`),
  endless('requests with bodies without answers', CLIENT, `POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n${'b'.repeat(9000)}`),
  endless('answers without requests', SERVER, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  endless('interim answers without end', SERVER, 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
  endless('bytes behind CONNECT', CLIENT, 'abcdefgh', 'CONNECT a:1 HTTP/1.1\r\n\r\n'),
  endless('empty lines without end', CLIENT, '\r\n', `${REQUEST}\r\n`),
  endless('half a start line again and again', CLIENT, 'GET GET GET / HTTP/1.GET /a', `${REQUEST}\r\n\x00`),
  endless('start lines within lines', SERVER, 'HTTP/1.1 200 HTTP/1.HTTP/1.1', 'HTTP/1.1 204 No Content\r\n\r\n\x00'),
  endless('heads that turn out wrong', SERVER, 'HTTP/1.1 200 OK\r\na: HTTP/1.1 200 OK\r\nb: HTTP/1.1 200\r\n wrong\r\nwrong\r\n', 'HTTP/1.1 204 No Content\r\n\r\n\x00'),
]

/** These three are what a busy or hostile peer really does. */
const LONG = new Set(['header lines without end', 'a body without end', 'requests without answers'])
const endlessOnes = ENDLESS.map((one) => LONG.has(one.name) ? { ...one, sizeBytes: 64 * 1024 * 1024 } : one)

contract(http1, SAMPLES, { endless: endlessOnes, retainedLimitBytes: 3 * 1024 * 1024 })
