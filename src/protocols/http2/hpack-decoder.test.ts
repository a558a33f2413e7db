import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { encodeBlock, encodeInteger } from './hpack-encoder.fixture.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { CODE_LENGTHS, huffmanCodes } from './huffman-code.ts'
import { STATIC_TABLE } from './static-table.ts'

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')

function decode(decoder: HpackDecoder, block: Uint8Array): string[] {
  assert.ok(decoder.decode(block, 0, block.length), decoder.problem)
  return decoder.fields.map(({ name, value }) => `${name}: ${value}`)
}

function problemOf(hex: string): string {
  const decoder = new HpackDecoder()
  const block = bytes(hex)
  return decoder.decode(block, 0, block.length) ? '' : decoder.problem
}

test('RFC 7541 C.4: requests with Huffman codes on one connection', () => {
  const decoder = new HpackDecoder()
  assert.deepEqual(decode(decoder, bytes('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')),
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'])
  assert.deepEqual(decode(decoder, bytes('8286 84be 5886 a8eb 1064 9cbf')),
    [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'])
  assert.deepEqual(decode(decoder, bytes('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')),
    [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'])
})

test('RFC 7541 C.6: responses that evict entries from a table of 256 bytes', () => {
  const decoder = new HpackDecoder()
  decode(decoder, bytes('3f e1 01'))
  const first = [':status: 302', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', 'location: https://www.example.com']
  assert.deepEqual(decode(decoder, bytes('4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3')), first)
  assert.deepEqual(decode(decoder, bytes('4883 640e ffc1 c0bf')), [':status: 307', ...first.slice(1)])
  assert.deepEqual(decode(decoder, bytes('88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07')), [
    ':status: 200', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:22 GMT', 'location: https://www.example.com', 'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ])
})

test('the Huffman code is complete, and is that of the standard', () => {
  assert.equal(CODE_LENGTHS.reduce((sum, bits) => sum + 2 ** -bits, 0), 1)
  const codes = huffmanCodes()
  assert.deepEqual([48, 97, 32, 88, 0, 10, 127, 249, 255, 256].map((symbol) => codes[symbol]!.toString(16)),
    ['0', '3', '14', 'fc', '1ff8', '3ffffffc', 'ffffffc', 'ffffffe', '3ffffee', '3fffffff'])
})

test('the static table has 61 entries', () => {
  assert.equal(STATIC_TABLE.length, 62)
  assert.deepEqual([1, 8, 16, 31, 61].map((i) => `${STATIC_TABLE[i]!.name}=${STATIC_TABLE[i]!.value}`),
    [':authority=', ':status=200', 'accept-encoding=gzip, deflate', 'content-type=', 'www-authenticate='])
})

const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), maxLength: 60 })

test('what an encoder says comes out again, whatever its table holds', () => {
  const name = fc.oneof(fc.constantFrom(':path', 'cookie', 'x-a', 'x-b', 'content-type'), text)
  const blocks = fc.array(fc.array(fc.tuple(name, fc.oneof(fc.constantFrom('', 'GET', 'v'), text)), { maxLength: 8 }), { minLength: 1, maxLength: 12 })
  fc.assert(fc.property(blocks, fc.boolean(), fc.boolean(), (all, huffman, indexes) => {
    const decoder = new HpackDecoder()
    const table: [string, string][] = []
    for (const fields of all) {
      const block = encodeBlock(fields, { huffman, table: indexes ? table : undefined })
      assert.deepEqual(decode(decoder, block), fields.map(([field, value]) => `${field}: ${value}`))
    }
  }), { numRuns: 300 })
})

test('a decoder that joined late knows what was learned since, and says of the rest that it is unknown', () => {
  const table: [string, string][] = []
  encodeBlock([['x-old', '1'], ['x-older', '2']], { table })
  const decoder = new HpackDecoder()
  decoder.loosen('was sent before the capture began')
  const block = encodeBlock([['x-old', '1'], ['x-new', '3'], ['x-old', '1'], ['x-new', '3'], ['x-old', '4']], { table })
  assert.deepEqual(decode(decoder, block), [
    '[unknown]: [unknown: table entry 63 was sent before the capture began]', 'x-new: 3',
    '[unknown]: [unknown: table entry 64 was sent before the capture began]', 'x-new: 3', '[unknown]: 4',
  ])
  assert.equal(decoder.unknownCount, 3)
  assert.deepEqual(decode(decoder, encodeBlock([['x-old', '4'], ['x-new', '3']], { table })), ['[unknown]: 4', 'x-new: 3'])
})

test('blocks that break the format are refused with what is wrong', () => {
  assert.equal(problemOf('80'), 'table index 0')
  assert.equal(problemOf('be'), 'table index 62 that nobody sent')
  assert.equal(problemOf('82 20'), 'table size update within a header block')
  assert.equal(problemOf('ff ff ff ff ff ff 7f'), 'integer too large')
  assert.equal(problemOf('ff 80'), 'header block ends within an integer')
  assert.equal(problemOf('40'), 'header block ends within a field')
  assert.equal(problemOf('40 0a 61'), 'string longer than its header block')
  assert.equal(problemOf('00 81 00'), 'Huffman code broken')
  assert.equal(problemOf('00 84 ff ff ff ff'), 'Huffman code broken')
})

test('a bomb of references stays a list of bounded size', () => {
  const decoder = new HpackDecoder()
  const out: number[] = []
  encodeInteger(out, 0x40, 6, 0)
  const block = Uint8Array.from([...out, 1, 0x61, 0x7f, ...Buffer.from([0xa1, 0x1e]), ...Buffer.alloc(4000, 0x62), ...Buffer.alloc(10_000, 0xbe)])
  assert.ok(decoder.decode(block, 0, block.length), decoder.problem)
  assert.ok(decoder.isCut)
  assert.ok(decoder.fields.length < 70)
})

test('a block that was read before is read as by one who never saw it, whatever came between', () => {
  const pair = fc.constantFrom<readonly [string, string]>(['a', '1'], ['a', '2'], ['b', 'x'.repeat(60)], [':method', 'GET'], [':path', '/'], ['c', 'y'.repeat(90)])
  const step = fc.record({ fields: fc.array(pair, { maxLength: 4 }), times: fc.integer({ min: 1, max: 3 }), enters: fc.boolean(), tableBytes: fc.option(fc.constantFrom(0, 100, 200), { freq: 6, nil: undefined }) })
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const decoder = new HpackDecoder()
    const table: (readonly [string, string])[] = []
    let tableLimitBytes = 4096
    const said: Uint8Array[] = []
    for (const { fields, times, enters, tableBytes } of steps) {
      if (tableBytes !== undefined) {
        const resized: number[] = []
        encodeInteger(resized, 0x20, 5, tableBytes)
        said.push(Uint8Array.from(resized))
        decode(decoder, said.at(-1)!)
        tableLimitBytes = tableBytes
        while (table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) > tableLimitBytes) table.pop()
      }
      for (let i = 0; i < times; i++) {
        const block = encodeBlock(fields, enters ? { table, tableLimitBytes } : {})
        said.push(block)
        assert.deepEqual(decode(decoder, Uint8Array.from([0, ...block]).subarray(1)), fields.map(([name, value]) => `${name}: ${value}`))
      }
    }
    const other = new HpackDecoder()
    for (const block of said) decode(other, block)
    const last = said.at(-1)
    if (last !== undefined) assert.deepEqual(decode(decoder, last), decode(other, last))
  }))
})

test('what was read before is unknown once entries were lost', () => {
  const decoder = new HpackDecoder()
  const table: (readonly [string, string])[] = []
  decode(decoder, encodeBlock([['a', '1']], { table }))
  const again = encodeBlock([['a', '1']], { table })
  assert.deepEqual([decode(decoder, again), decode(decoder, again)], [['a: 1'], ['a: 1']])
  decoder.loosen('was lost')
  assert.deepEqual([decode(decoder, again), decoder.unknownCount], [['[unknown]: [unknown: table entry 62 was lost]'], 1])
})
