import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { DocumentNode } from 'graphql'
import { Kind, parse, print } from 'graphql'
import type { Operation } from './operations.ts'
import { parseOperations } from './operations.ts'

/** What the parser of the reference implementation makes of a document. */
function reference(document: string): Operation[] | undefined {
  let node: DocumentNode
  try {
    node = parse(document)
  } catch {
    return undefined
  }
  return node.definitions.flatMap((definition) => definition.kind !== Kind.OPERATION_DEFINITION ? [] : [{
    type: definition.operation as Operation['type'], name: definition.name?.value,
    fields: definition.selectionSet.selections.flatMap((selection) => selection.kind === Kind.FIELD ? [selection.name.value] : []).slice(0, 16),
  }])
}

const DOCUMENTS = [
  '{ cart { id } }',
  'query GetCart($id: ID!, $n: Int = 3, $f: Filter = {a: [1, 2], b: "}"}) @cached(ttl: 5) { cart(id: $id) { ...Lines } } fragment Lines on Cart { lines { sku } }',
  'mutation AddItem($in: In!) { add: addItem(input: $in) @log { id } second: addItem(input: {sku: "a{b", n: 1.5e3}) { id } }',
  'subscription { ticks }',
  '# a comment with { and query No\nquery A { a } # more\n,,, query B { b }',
  'query query { query mutation: fragment on: on }',
  'query Q { ... on Query { a } ...F @skip(if: true) b ... @include(if: $x) { c } d }\nfragment F on Query @on { z }',
  'query Block { a(text: """ } " \\""" query X { """) b(s: "\\"}\\\\") }',
  '"""described""" query D("which" $a: Int) { d }',
  '\uFEFFquery Bom{a}',
]

test('type, name and first fields of each operation, as the reference parser sees them', () => {
  for (const document of DOCUMENTS) {
    const expected = reference(document)
    assert.ok(expected !== undefined, document)
    assert.deepEqual(parseOperations(document), expected, document)
  }
})

test('what is no executable document is refused', () => {
  for (const text of ['', 'SELECT * FROM cart', 'select 1', '{', '{}}', '}', 'type Cart { id: ID }', 'fragment F on Cart { id }', 'query', 'query = 1', '"query"', 'query: 7', 'cart (id: 1)', '\0', '{"query":1}']) {
    const operations = parseOperations(text)
    assert.ok(operations === undefined || text.startsWith('{'), text)
  }
})

test('a document that was cut off gives what begins in it', () => {
  const whole = DOCUMENTS[1]!
  for (let size = 'query GetCart('.length; size <= whole.length; size++) {
    assert.deepEqual(parseOperations(whole.slice(0, size))?.map(({ type, name }) => [type, name]), [['query', 'GetCart']], whole.slice(0, size))
  }
})

const name = fc.constantFrom('cart', 'query', 'mutation', 'fragment', 'on', 'a', '_x1', 'addItem', 'subscription')
const value: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)), fc.integer().map(String), fc.constantFrom('true', 'null', 'ENUM', '$v', '-1.5e-3', '"""b { lock"""'),
  fc.array(fc.constantFrom('1', '"]"', '{a: 2}'), { maxLength: 3 }).map((list) => `[${list.join(' ')}]`),
)
const args = fc.option(fc.tuple(name, value).map(([n, v]) => `(${n}: ${v})`), { nil: '' })
const directive = fc.option(fc.tuple(name, args).map(([n, a]) => `@${n}${a}`), { nil: '' })
const selections = (depth: number): fc.Arbitrary<string> => fc.array(fc.oneof(
  fc.tuple(fc.option(name.map((alias) => `${alias}: `), { nil: '' }), name, args, directive, depth > 0 ? fc.option(selections(depth - 1), { nil: '' }) : fc.constant('')).map((parts) => parts.join('')),
  fc.constantFrom('...F', '...cart @on', '# } query\n ...G'),
  depth > 0 ? fc.tuple(directive, selections(depth - 1)).map(([d, s]) => `... on T ${d} ${s}`) : fc.constant('...H'),
), { minLength: 1, maxLength: 4 }).map((list) => `{ ${list.join(' ')} }`)
const operation = fc.oneof(
  selections(2),
  fc.tuple(fc.constantFrom('query', 'mutation', 'subscription'), fc.option(name, { nil: '' }), fc.constantFrom('', '($v: [Int!]! = [1], $w: S = "}")'), directive, selections(2)).map((parts) => parts.join(' ')),
  fc.tuple(fc.constantFrom('F', 'cart'), directive, selections(1)).map(([n, d, s]) => `fragment ${n} on T ${d} ${s}`),
)

test('every document that the reference parser accepts gives the same operations', () => {
  let accepted = 0
  fc.assert(fc.property(fc.array(operation, { minLength: 1, maxLength: 4 }), fc.boolean(), (parts, isPrinted) => {
    let document = parts.join('\n')
    const expected = reference(document)
    if (expected === undefined) return
    if (isPrinted) document = print(parse(document))
    accepted++
    assert.deepEqual(parseOperations(document) ?? [], expected, document)
  }), { numRuns: 400 })
  assert.ok(accepted > 200, `${accepted} documents were accepted`)
})

test('hostile documents end, whatever they hold', () => {
  for (const block of ['{', '(', '"', '"""', '#', '...', 'query ', '@', '\\"""', '{a:', '[', '}', 'query a{a}']) {
    parseOperations(block.repeat(100_000))
    parseOperations(`query A ${block.repeat(50_000)}`)
  }
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => { parseOperations(text) }))
})
