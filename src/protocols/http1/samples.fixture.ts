import { brotliCompressSync, gzipSync } from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { text } from '../contract.fixture.ts'

const JSON_BODY = '{"sku":7,"name":"caf\u00e9"}'

export const ask = (bytes: string, at = 1000): Step => text(CLIENT, bytes, at)
export const answer = (bytes: string, at = 1500): Step => text(SERVER, bytes, at)

function bytes(...parts: (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => typeof part === 'string' ? Buffer.from(part, 'utf8') : part))
}

/** Sizes in hexadecimal, as a server that streams sends them. */
export function chunked(...pieces: string[]): string {
  return pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('')
}

const keepAlive: Sample = {
  name: 'keep-alive',
  steps: [
    ask('GET /cart/7?full=1 HTTP/1.1\r\nHost: cart\r\nAccept: */*\r\n\r\n', 1000),
    { side: SERVER, at: 1400, bytes: bytes(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(JSON_BODY)}\r\n\r\n`, JSON_BODY) },
    { side: CLIENT, at: 2000, bytes: bytes('POST /reserve HTTP/1.1\r\nHost: stock\r\nContent-Length: 11\r\n\r\n', 'a=1&b=2&c=3') },
    answer('HTTP/1.1 204 No Content\r\n\r\n', 2600),
    ask('HEAD /big HTTP/1.1\r\nHost: cart\r\n\r\n', 3000),
    answer('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n', 3100),
    ask('GET /old HTTP/1.1\r\nIf-None-Match: "x"\r\nHost: cart\r\n\r\n', 4000),
    answer('HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\n\r\n', 4100),
  ],
}

const chunkedSample: Sample = {
  name: 'chunked both ways',
  steps: [
    ask(`POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('hello ', 'world')}0\r\n\r\n`, 1000),
    answer('HTTP/1.1 100 Continue\r\n\r\n', 1100),
    answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4;name="a;b"\r\nWiki\r\n${chunked('pedia', 'x'.repeat(300))}`, 1200),
    answer('000\r\nX-Sum: 12\r\nX-Two: b\r\n\r\n', 1300),
    ask('GET /next HTTP/1.1\r\n\r\n', 1400),
    answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 1500),
  ],
}

const pipelined: Sample = {
  name: 'pipelined',
  steps: [
    ask('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nPOST /3 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc', 1000),
    answer('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\ntwo', 2000),
    answer('HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nthree', 2100),
  ],
}

const compressed: Sample = {
  name: 'compressed bodies and the end of the connection',
  steps: [
    ask('GET /gz HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n\r\n', 1000),
    { side: SERVER, at: 1100, bytes: bytes('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 41\r\n\r\n', sized(gzipSync('gzipped gzipped gzipped'), 41)) },
    ask('GET /br HTTP/1.0\r\n\r\n', 2000),
    { side: SERVER, at: 2100, bytes: bytes('HTTP/1.0 200 OK\r\nContent-Encoding: br\r\nContent-Type: text/plain\r\n\r\n', brotliCompressSync('brotli brotli')) },
  ],
}

/** Padded with zeros, which gzip ignores behind its end. */
function sized(body: Buffer, size: number): Buffer {
  return Buffer.concat([body, Buffer.alloc(size)]).subarray(0, size)
}

const upgrade: Sample = {
  name: 'upgrade',
  steps: [
    ask('GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 1000),
    answer('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello', 1200),
    ask('\x81\x85abcdefghi', 1300),
  ],
}

const connect: Sample = {
  name: 'connect with early bytes',
  steps: [
    ask('CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n\x16\x03\x01', 1000),
    answer('HTTP/1.1 200 Connection established\r\n\r\n', 1200),
    ask('\x02\x00\x01', 1300),
    answer('\x16\x03\x03', 1400),
  ],
}

const tolerated: Sample = {
  name: 'what is tolerated',
  steps: [
    ask('\r\n\r\nGET  /a b HTTP/1.1\nHost : x\nX-Long: one\n two\n\tthree\nno colon here\n\n', 1000),
    answer('HTTP/1.1  200\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok', 1100),
    ask('POST /s HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n', 1200),
    answer('HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', 1300),
  ],
}

const unanswered: Sample = {
  name: 'cut off',
  steps: [
    ask('POST /a HTTP/1.1\r\nContent-Length: 100\r\n\r\n0123456789', 1000),
    answer('HTTP/1.1 400 Bad Request\r\nContent-Length: 30\r\n\r\ntoo', 1100),
  ],
}

export const SAMPLES: readonly Sample[] = [keepAlive, chunkedSample, pipelined, compressed, upgrade, connect, tolerated, unanswered]
