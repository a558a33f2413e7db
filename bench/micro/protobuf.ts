// What it costs to make JSON values out of protobuf messages, with a schema and without: MB/s a core, and nanoseconds a message.
// protobufjs (decode and toJSON form) is measured beside it on the same bytes.
//   node bench/micro/protobuf.ts [--rounds N]
import { parseArgs } from 'node:util'
import protobuf from 'protobufjs'
import { readSchemas } from '../../src/capture/schemas.ts'
import { decodeMessage } from '../../src/protocols/protobuf/decode.ts'
import { guessMessage } from '../../src/protocols/protobuf/guess.ts'
import { Schemas } from '../../src/protocols/protobuf/schemas.ts'
import { DEFAULT_REDACTION, redactorOf } from '../../src/protocols/redaction.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const ROUNDS = Number(values.rounds)
const BYTES_A_ROUND = 8_000_000

const protos = new URL('../../test/fixtures/protos/', import.meta.url).pathname
const schemas = new Schemas(await readSchemas([protos]))
const redactor = redactorOf(DEFAULT_REDACTION)
const root = new protobuf.Root()
root.resolvePath = (_, target) => `${protos}${target}`
root.loadSync('shop/cart.proto')

const item = { sku: 'sku-000123', count: 3, price: { currency: 'EUR', units: 1999, nanos: 500 }, size: 2, codes: [1, 20, 300, 4000], card: 'happy birthday' }
const SAMPLES: Record<string, object> = {
  'GetRequest, small': { cartId: 'cart-0000001', limit: 10 },
  'CartState, 3 items': { cartId: 'cart-0000001', items: [item, item, item], totals: { net: item.price, gross: item.price }, changedAt: { seconds: 1_795_262_400 }, discount: 0.25, isOpen: true },
  'CartState, 200 items': { cartId: 'cart-0000001', items: Array.from({ length: 200 }, () => item) },
}

let kept = 0

function measure(name: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  const count = Math.ceil(BYTES_A_ROUND / bytes.length)
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage()
    for (let i = 0; i < count; i++) if (decode(bytes) !== undefined) kept++
    const { user, system } = process.cpuUsage(start)
    return (user + system) * 1000 / count
  }).sort((a, b) => a - b)
  const ns = times[Math.floor(ROUNDS / 2)]!
  console.log(`${name.padEnd(48)} ${String(bytes.length).padStart(6)} bytes ${Math.round(ns).toString().padStart(9)} ns ${(bytes.length * 1000 / ns).toFixed(0).padStart(6)} MB/s`)
}

for (const [name, value] of Object.entries(SAMPLES)) {
  const type = root.lookupType(`shop.${name.split(',', 1)[0]}`)
  const bytes = type.encode(type.fromObject(value)).finish()
  const ours = schemas.message(type.fullName.slice(1))!
  measure(`${name}: by schema`, bytes, (b) => decodeMessage(b, ours, schemas, redactor))
  measure(`${name}: guessed`, bytes, (b) => guessMessage(b, redactor))
  measure(`${name}: protobufjs`, bytes, (b) => type.toObject(type.decode(b), { longs: String, enums: String, bytes: String }))
}
if (kept === 0) process.exitCode = 1
