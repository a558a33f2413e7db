import assert from 'node:assert/strict'
import test from 'node:test'
import { FILTER_EXAMPLES } from './examples.ts'
import { FIELDS } from './fields.ts'
import { checkFilter, parseFilter } from './filter.ts'
import { FUNCTIONS } from './functions.ts'
import { MessageLike } from './subject.fixture.ts'

const NOW = Date.parse('2026-11-21T12:05:00Z') * 1000
const subject = new MessageLike()

function holds(text: string): boolean {
  const parsed = parseFilter(text, NOW)
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.problem.message}`)
  return parsed.filter.matches(subject)
}

test('what holds for a message', () => {
  for (const text of [
    '', 'http', 'http1 && !grpc', 'status_code == 500', 'status == 500', 'status >= 500', 'method == "POST"', 'path == "/cart/7"', 'url == "/cart/7?sku=tea%20pot"', 'query_string.contains("sku")',
    'src.name == "web"', 'dst.namespace == "shop"', 'dst.port in [80, 8080]', 'src.ip == "127.0.0.1"', 'elapsed_time == 2500', 'elapsed_ms == 2.5', 'error', 'outcome == "server-error"', 'complete', 'hop == "clear"', 'netns == "web"',
    'request.headers["HOST"] == "cart"', 'request.headers["host"].startsWith("ca")', 'request.cookies["a"] == "b"', 'response.cookies["s"] == "1"', 'request.query["sku"] == "tea pot"', 'response.body.json.items[1].n == 2',
    'request_body == "{\\"n\\":1}"', 'response_body.contains("items")', 'host == "cart"', 'path_segments[0] == "cart"', 'notes.exists(n, n.contains("cut"))', 'notes.all(n, n != "")', 'size(notes) == 1', 'has(request.headers)', '!has(request.grpc)',
    'map_get(request.headers, "x-none", "nobody") == "nobody"', 'timestamp > timestamp("2026-11-21T12:00:00Z")', 'timestamp > now() - duration("5m")', 'request.body.json.n + 1 == 2', 'string(status_code) == "500"', 'int("7") == 7',
    'record.contains("POST")', 'path.matches("^/cart/[0-9]+$")', 'path.matches("(?i)CART")', 'request.text.json().n == 1', '(http ? status_code : 0) == 500', '[1, 2].exists(i, i == request.body.json.n)', 'request.headers.exists(h, h == "Cookie")',
  ]) assert.ok(holds(text), text)
})

test('what is missing is null, is equal to nothing and more than nothing, and is no error', () => {
  for (const text of ['request.nothing == "x"', 'request.nothing > 1', 'request.nothing.deeper[3].x == 1', 'redis', 'request.headers["none"].contains("x")', 'request.path > 3', 'request.path / 0 == 1', 'notes[7] == "x"']) assert.ok(!holds(text), text)
  assert.ok(holds('request.nothing != "x"'))
  assert.ok(holds('request.nothing == null'))
  assert.ok(holds('!(request.nothing > 1)'))
})

test('Mizu\'s dialect means the same', () => {
  for (const text of ['http and request.method == "POST"', 'not redis', '(redis or http) and response.status == 500', 'response.status == r"5.*"', 'request.path == r"/cart/\\d+"', 'request.path != r"/stock.*"', 'src.name == "web" and elapsedTime > 2', 'requestSize == 9']) assert.ok(holds(text), text)
  assert.ok(!holds('request.path == r"cart"'), 'the whole value, not a part of it')
  assert.deepEqual(checkFilter('http and not (path == "a and b" or redis)'), { ok: true, normal: 'http && !(path == "a and b" || redis)' })
})

test('an error stands where it is', () => {
  const place = (text: string): [string, string | undefined] => {
    const check = checkFilter(text)
    assert.ok(!check.ok, text)
    return [text.slice(check.problem.from, check.problem.to), check.problem.hint]
  }
  assert.deepEqual(place('http && staus_code == 1')[0], 'staus_code')
  assert.match(place('http && staus_code == 1')[1]!, /status_code/)
  assert.equal(place('http && path >= 400')[0], 'path >= 400')
  assert.equal(place('path.startswith("x")')[0], 'path.startswith("x")')
  assert.match(place('path.startswith("x")')[1]!, /startsWith/)
  assert.equal(place('http && "abc')[0], '"abc')
  assert.equal(place('path.matches("[")')[0], '"["')
  assert.equal(place('path == r"["')[0], 'path == r"["')
  assert.match(place('cart')[1]!, /record\.contains/)
  assert.match(place('namespace == "x"')[1]!, /src\.namespace/)
  assert.equal(place('status_code')[0], 'status_code')
  assert.match(place('elapsed_time > duration("1s")')[1]!, /microseconds/)
  for (const text of ['http &&', '(http', ')', 'a.b.', '"', '{}', '[', '1 +', '?', 'b"x" == b"x"', '\u0000', 'x'.repeat(9000), '('.repeat(3000)]) place(text)
})

test('every example and every usage in the help is a filter', () => {
  for (const { q } of FILTER_EXAMPLES) assert.deepEqual([q, checkFilter(q).ok], [q, true])
  for (const { usage } of FUNCTIONS) {
    const check = checkFilter(usage)
    // Some are values and not yet true or false.
    assert.ok(check.ok || /not true or false/.test(check.problem.message), `${usage}: ${check.ok ? '' : check.problem.message}`)
  }
})

test('every field can be asked for of every message, and has the type that it is said to have', () => {
  const types: Record<string, (value: unknown) => boolean> = {
    bool: (v) => typeof v === 'boolean', int: Number.isInteger, double: (v) => typeof v === 'number', string: (v) => typeof v === 'string', list: Array.isArray, map: (v) => v === null || typeof v === 'object', timestamp: Number.isInteger, dyn: () => true,
  }
  for (const one of [subject, new MessageLike({ protocol: 'redis', request: { command: 'GET', arguments: ['a'] }, response: undefined }), new MessageLike({ protocol: 'tls', request: undefined, response: undefined }), new MessageLike({ request: { headers: 'x', path: 7, method: {} }, response: { body: 3 } })]) {
    for (const field of FIELDS) assert.ok(types[field.type]!(field.get(one)), `${field.name} of ${one.protocol}: ${JSON.stringify(field.get(one))}`)
  }
})
