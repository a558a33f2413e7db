// What it costs to decode header blocks, in MB/s of the bytes as sent and of the names and values that come out (a core), and in nanoseconds a field.
//   node bench/micro/hpack.ts [--blocks N]
import { parseArgs } from 'node:util'
import { encodeBlock } from '../../src/protocols/http2/hpack-encoder.fixture.ts'
import { HpackDecoder } from '../../src/protocols/http2/hpack-decoder.ts'

const ROUNDS = 7
const { values } = parseArgs({ options: { blocks: { type: 'string', default: '200000' } } })
const count = Number(values.blocks)

type Pair = readonly [string, string]
type Mode = 'huffman' | 'plain'

const id = (i: number): string => `3f1c0a52-8d0b-4f7e-9a55-0b1d7c2f${(0x9e10 + i % 512).toString(16)}`
const TOKEN = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJjYXJ0LXNlcnZpY2UiLCJhdWQiOiJzaG9wIiwiZXhwIjoxNzYzNzIwMDAwfQ.'
  + 'c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU'

const request = (i: number): Pair[] => [
  [':method', 'GET'], [':scheme', 'https'], [':authority', 'cart.shop.svc.cluster.local:8080'], [':path', `/api/cart/${i % 1000}?full=1&page=${i % 7}`],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36'],
  ['accept', 'application/json'], ['accept-encoding', 'gzip, deflate, br'], ['x-request-id', id(i)], ['authorization', `Bearer ${TOKEN}`],
]
const grpc = (i: number): Pair[] => [
  [':method', 'POST'], [':scheme', 'http'], [':path', '/shop.Cart/Get'], [':authority', 'cart:50051'], ['content-type', 'application/grpc'],
  ['user-agent', 'grpc-go/1.68.0'], ['te', 'trailers'], ['grpc-timeout', `${100 + i % 900}m`],
]

interface Case { name: string, fields: (i: number) => Pair[], mode: Mode, table: 'none' | 'all' }

const CASES: readonly Case[] = [
  { name: 'every field new, Huffman', fields: request, mode: 'huffman', table: 'none' },
  { name: 'every field new, plain', fields: request, mode: 'plain', table: 'none' },
  { name: 'a browser that goes on', fields: request, mode: 'huffman', table: 'all' },
  { name: 'gRPC calls that go on', fields: grpc, mode: 'huffman', table: 'all' },
  { name: 'gRPC calls, each as before', fields: () => grpc(0), mode: 'huffman', table: 'all' },
  { name: 'two gRPC calls in turn', fields: (i) => grpc(i & 1), mode: 'huffman', table: 'all' },
]

let kept = 0

/** Different blocks in turn, encoded as one connection would: what the encoder's table knows is referred to. */
function blocksOf({ fields, mode, table }: Case): Uint8Array[] {
  const known: Pair[] = []
  return Array.from({ length: 512 }, (_, i) => encodeBlock(fields(i), { huffman: mode === 'huffman', table: table === 'all' ? known : undefined }))
}

function run(blocks: readonly Uint8Array[]): { nanos: number, bytes: number, fields: number } {
  const decoder = new HpackDecoder()
  let bytes = 0
  let fields = 0
  const start = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    const block = blocks[i % blocks.length]!
    if (!decoder.decode(block, 0, block.length)) throw new Error(decoder.problem)
    bytes += block.length
    fields += decoder.fields.length
    kept += decoder.fields.at(-1)!.value.length
  }
  const { user, system } = process.cpuUsage(start)
  return { nanos: (user + system) * 1000, bytes, fields }
}

/** Names and values of a block, on average. */
function listBytes({ fields }: Case): number {
  const all = Array.from({ length: 512 }, (_, i) => fields(i)).flat()
  return all.reduce((sum, [name, value]) => sum + name.length + value.length, 0) / 512
}

for (const one of CASES) {
  const blocks = blocksOf(one)
  const rounds = Array.from({ length: ROUNDS }, () => run(blocks)).toSorted((a, b) => a.nanos - b.nanos)
  const { nanos, bytes, fields } = rounds[ROUNDS >> 1]!
  console.log(`${one.name.padEnd(28)} ${(bytes * 1000 / nanos).toFixed(0).padStart(5)} MB/s in  ${(listBytes(one) * count * 1000 / nanos).toFixed(0).padStart(5)} MB/s out  ${(nanos / fields).toFixed(0).padStart(4)} ns a field  ${(bytes / count).toFixed(0).padStart(4)} bytes a block`)
}
if (kept === 0) process.exitCode = 1
