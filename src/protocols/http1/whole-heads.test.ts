import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { Half } from './half.ts'
import { HeadMemo } from './head-memo.ts'
import { scanHead } from './head-scan.ts'
import { NOWHERE } from './whole-heads.ts'

const REQUESTS = ['GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nX: 1\r\n\r\n', 'GET /b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n',
  'GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 'POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\nAccept: */*\r\n\r\n']
const RESPONSES = ['HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n', 'HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n']

/** Everything but what a memo adds. */
function facts(half: Half, end: number): { end: number } {
  const { line: _line, block: _block, ...rest } = half
  return { ...rest, end }
}

const turns = fc.array(fc.tuple(fc.nat(7), fc.nat(5), fc.constantFrom('', 'body', '\r\n'), fc.boolean()), { maxLength: 40 })

for (const [isRequest, heads] of [[true, REQUESTS], [false, RESPONSES]] as const) {
  test(`a ${isRequest ? 'request' : 'response'} that is recalled as a whole is what it is when it is read`, () => {
    fc.assert(fc.property(turns, (played) => {
      const memo = new HeadMemo()
      let place = NOWHERE
      for (const [which, shift, behind, isCut] of played) {
        const text = heads[which % heads.length]!
        const buf = Buffer.from('#'.repeat(shift) + text + behind, 'latin1')
        const to = isCut ? shift + text.length - 3 : buf.length
        const [anew, recalled] = [new Half(isRequest, 1), new Half(isRequest, 1)]
        const expected = facts(anew, scanHead(anew, buf, shift, to, false))
        const known = memo.wholes.recall(place, recalled, buf, shift, to)
        if (known > 0) assert.deepEqual(facts(recalled, shift + known), expected)
        else {
          const end = scanHead(recalled, buf, shift, to, false, memo)
          assert.deepEqual(facts(recalled, end), expected)
          if (end > 0) place = memo.wholes.placeOf(recalled, buf, shift, end)
        }
      }
    }), { numRuns: 200 })
  })
}

test('equal heads have one place, from whatever connection they are', () => {
  const memo = new HeadMemo()
  const buf = Buffer.from(REQUESTS[0]!)
  const place = (): number => {
    const half = new Half(true, 1)
    return memo.wholes.placeOf(half, buf, 0, scanHead(half, buf, 0, buf.length, false, memo))
  }
  const first = place()
  assert.notEqual(first, NOWHERE)
  assert.equal(place(), first)
  assert.equal(memo.wholes.recall(first, new Half(true, 1), buf, 0, buf.length), buf.length)
  assert.equal(memo.wholes.recall(first, new Half(true, 1), buf, 0, buf.length - 1), 0)
})

test('what nobody asked for again makes room', () => {
  const memo = new HeadMemo()
  const places = Array.from({ length: 200 }, (_, i) => {
    const half = new Half(true, 1)
    const buf = Buffer.from(`GET /${i % 100} HTTP/1.1\r\nHost: a.example.com\r\n\r\n`)
    return memo.wholes.placeOf(half, buf, 0, scanHead(half, buf, 0, buf.length, false, memo))
  })
  assert.ok(places.every((place) => place < 64))
})
