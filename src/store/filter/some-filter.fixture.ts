import fc from '#property'

const texts = fc.constantFrom('""', '"web"', '"cart"', '"cart.shop"', '"GET"', '"/cart"', '"GET /cart/7"', '"ä"', '"ä€😀"', '"OK"', '"ok"', '"client-error"', '"http1"', '"127.0.0.1"', '"clear"', '"a\\"b\\\\c"', '"zzz"')
const numbers = fc.constantFrom('0', '1', '-1', '1.9', '200', '404', '499.5', '1900', '8080', '2')
const textFields = fc.constantFrom('what', 'protocol', 'outcome', 'conn_id', 'capture', 'hop', 'netns', 'interface', 'from', 'to', 'src.ip', 'src.name', 'dst.name', 'dst.ip', 'path', 'url', 'method', 'query_string', 'request.path', 'request.method', 'redis_command', 'status')
const numberFields = fc.constantFrom('status_code', 'elapsed_time', 'elapsed_ms', 'request_body_size', 'response_body_size', 'src.port', 'dst.port', 'id', 'response.status', 'status')
const flags = fc.constantFrom('http', 'http1', 'http2', 'grpc', 'redis', 'tlsx', 'tls', 'dns', 'ws', 'complete', 'decrypted', 'error', 'true', 'false')
const op = fc.constantFrom('==', '!=', '<', '<=', '>', '>=')
const times = fc.constantFrom('timestamp("2026-11-21T12:03:42Z")', 'timestamp("2026-11-22T00:00:00Z") - duration("1h")')

/** Members of bodies, some of which are nowhere. */
const inBodies = fc.constantFrom('response.body.json.n', 'response.body.json.items', 'response.body.json.items[0].sku', 'request.body.json["sku"]', 'request.body.json.missing.deeper', 'response.body.text')

const leaf = fc.oneof(
  flags,
  fc.tuple(inBodies, op, fc.oneof(texts, numbers, fc.constantFrom('null', 'true'))).map((parts) => parts.join(' ')),
  fc.tuple(inBodies, fc.constantFrom('contains', 'startsWith', 'endsWith'), texts.filter((text) => text !== '"a\\"b\\\\c"')).map(([field, method, text]) => `${field}.${method}(${text})`),
  fc.tuple(textFields, op, texts).map((parts) => parts.join(' ')),
  fc.tuple(texts, op, textFields).map((parts) => parts.join(' ')),
  fc.tuple(numberFields, op, numbers).map((parts) => parts.join(' ')),
  fc.tuple(textFields.filter((name) => name !== 'status'), fc.constantFrom('contains', 'startsWith', 'endsWith', 'matches'), texts.filter((text) => text !== '"a\\"b\\\\c"')).map(([field, method, text]) => `${field}.${method}(${text})`),
  fc.tuple(textFields, fc.array(texts, { minLength: 1, maxLength: 3 })).map(([field, list]) => `${field} in [${list.join(', ')}]`),
  fc.tuple(numberFields, fc.array(numbers.filter((n) => !n.includes('.')), { minLength: 1, maxLength: 3 })).map(([field, list]) => `${field} in [${list.join(', ')}]`),
  fc.tuple(fc.constant('timestamp'), op, times).map((parts) => parts.join(' ')),
  fc.tuple(flags, fc.constantFrom('==', '!='), fc.constantFrom('true', 'false')).map((parts) => parts.join(' ')),
  fc.tuple(textFields, fc.constantFrom('r"GET.*"', 'r"[a-z]+"')).map(([field, pattern]) => `${field} == ${pattern}`),
)

/** Filters of all shapes that the translation to SQL knows, and of some that it does not. */
export const someFilter: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf,
    fc.tuple(tie('expression'), fc.constantFrom('&&', '||', 'and', 'or'), tie('expression')).map(([a, word, b]) => `(${a} ${word} ${b})`),
    tie('expression').map((a) => `!(${a})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`)),
})).expression
