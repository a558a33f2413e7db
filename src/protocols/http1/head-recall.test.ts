import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { Half } from './half.ts'
import { HeadMemo, headMemosOf } from './head-memo.ts'
import { scanHead } from './head-scan.ts'

const REQUEST_LINES = ['GET / HTTP/1.1\r\n', 'GET /a?query=1 HTTP/1.0\r\n', 'CONNECT a:1 HTTP/1.1\r\n', 'HEAD  /b HTTP/1.1\r\n', 'POST /c HTTP/1.1\n', `GET /${'d'.repeat(150)} HTTP/1.1\r\n`]
const STATUS_LINES = ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 204\r\n', 'HTTP/1.0 404 Not  Found\r\n', 'HTTP/1.1 101 Switching Protocols\r\n', 'HTTP/1.1 099 Low\r\n']
const HEADERS = [
  'Host: shop.example\r\n', 'Content-Length: 12\r\n', 'content-length: x\r\n', 'Transfer-Encoding: chunked\r\n', 'Content-Type: application/json\r\n', 'Content-Encoding: br\r\n',
  'Upgrade: h2c\r\n', 'X-Folded: a\r\n b\r\n', 'X-Bare: a\n', 'no colon\r\n', `X-Long: ${'l'.repeat(1200)}\r\n`, 'X-\u00e4: \u0001\r\n',
]
const head = (lines: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...lines), fc.shuffledSubarray(HEADERS, { maxLength: 4 }), fc.constantFrom('\r\n', '\n', '')).map(([line, headers, end]) => line + headers.join('') + end)

/** Everything but what a memo adds. */
function facts(half: Half, end: number): { end: number } {
  const { line: _line, block: _block, ...rest } = half
  return { ...rest, end }
}

for (const [isRequest, lines] of [[true, REQUEST_LINES], [false, STATUS_LINES]] as const) {
  test(`a ${isRequest ? 'request' : 'response'} is read with a memo as without one, whatever came before`, () => {
    fc.assert(fc.property(fc.uniqueArray(head(lines), { minLength: 1, maxLength: 4 }), fc.array(fc.tuple(fc.nat(3), fc.nat(5), fc.constantFrom('', 'body', ' ', '\r\n')), { maxLength: 24 }), (heads, turns) => {
      const memo = new HeadMemo()
      for (const [which, shift, behind] of turns) {
        const text = heads[which % heads.length]!
        const buf = Buffer.from('#'.repeat(shift) + text + behind, 'latin1')
        const [anew, recalled] = [new Half(isRequest, 1), new Half(isRequest, 1)]
        const expected = facts(anew, scanHead(anew, buf, shift, buf.length, false))
        assert.deepEqual(facts(recalled, scanHead(recalled, buf, shift, buf.length, false, memo)), expected)
        if (recalled.line === undefined) continue
        assert.ok(text.startsWith(recalled.line.text))
        if (recalled.block !== undefined) assert.equal(recalled.line.text + recalled.block.text, (text + behind).slice(0, expected.end - shift))
      }
    }), { numRuns: 300 })
  })
}

test('the second of two equal heads is recalled, with what was made of the first', () => {
  const memo = new HeadMemo()
  const buf = Buffer.from('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  const halves = [0, 1].map(() => new Half(true, 1))
  for (const half of halves) scanHead(half, buf, 0, buf.length, false, memo)
  assert.ok(halves[0]!.line !== undefined && halves[0]!.block !== undefined)
  assert.equal(halves[1]!.line, halves[0]!.line)
  assert.equal(halves[1]!.block, halves[0]!.block)
})

test('where nothing repeats the memo is left alone, and tried again later', () => {
  const memo = new HeadMemo()
  const read = (text: string): Half => {
    const half = new Half(true, 1)
    const buf = Buffer.from(text)
    scanHead(half, buf, 0, buf.length, false, memo)
    return half
  }
  for (let i = 0; i < 64; i++) read(`GET /${i} HTTP/1.1\r\nX-Request-Id: ${i}\r\n\r\n`)
  const same = (): Half => read('GET /same HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  assert.equal(same().line, undefined)
  const tries = Array.from({ length: 1200 }, same)
  assert.ok(tries.at(-1)!.line !== undefined && tries.at(-1)!.block !== undefined)
})

test('connections that are read alike share a memo for each direction', () => {
  const memos = headMemosOf(DEFAULT_SETTINGS)
  assert.equal(headMemosOf(DEFAULT_SETTINGS), memos)
  assert.notEqual(memos.requests, memos.responses)
  assert.notEqual(headMemosOf({ ...DEFAULT_SETTINGS }), memos)
})
