import assert from 'node:assert/strict'
import test from 'node:test'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Sample, Step } from './contract.fixture.ts'
import { Conversation } from './conversation.ts'
import { detect, detectEither } from './detection.ts'
import { everySample } from './every-sample.fixture.ts'
import type { Protocol } from './protocol.ts'
import { DEFAULT_SETTINGS } from './protocol.ts'
import { PROTOCOLS } from './registry.ts'

const NONE = new Uint8Array(0)
/** Sizes of a first piece that are tried: each of the first, then some. */
const FIRST_SIZES = 64
const STRIDE = 13
/** Where a segment may begin in the middle of a step. */
const MIDDLES = 24

const samples = await everySample()

function probeOf(protocol: Protocol, side: Side, bytes: Uint8Array): string {
  return side === CLIENT ? protocol.probe(bytes, NONE) : protocol.probe(NONE, bytes)
}

function sizesOf({ bytes }: Step): number[] {
  return Array.from({ length: bytes.length }, (_, i) => i + 1).filter((size) => size <= FIRST_SIZES || size % STRIDE === 0 || size === bytes.length)
}

/** What a sample goes on as, from some point on. */
function alsoSpoken(own: string, { steps }: Sample): string[] {
  const all = Buffer.concat(steps.map(({ bytes }) => bytes)).toString('latin1')
  if (own === 'http1' && all.includes('101 Switching')) return ['websocket', 'http2']
  return own === 'postgres' || own === 'mysql' ? tlsWithin(all) : []
}

/** A connection that is encrypted from some point on. */
function tlsWithin(all: string): string[] {
  return all.includes('\x16\x03\x01') ? ['tls'] : []
}

/** How many messages there are of a connection that --decode-as says to be something. */
function toldAs(decodeAs: string, steps: readonly Step[]): number {
  let told = 0
  const heard = new Conversation({ message() { told++ }, malformed() {} }, { protocols: PROTOCOLS, settings: DEFAULT_SETTINGS, serverPort: 0, joinedLate: () => false, decodeAs })
  for (const { side, bytes, at } of steps) heard.data(side, bytes, at)
  const endMicros = steps.at(-1)!.at
  heard.end(CLIENT, endMicros)
  heard.end(SERVER, endMicros)
  return told
}

test('every protocol of the registry has samples', () => {
  assert.deepEqual([...samples.keys()].toSorted(), PROTOCOLS.map(({ name }) => name).toSorted())
})

for (const [own, list] of samples) {
  test(`${own}: its first bytes are claimed by it alone, however few there are`, () => {
    for (const { name, steps } of list) {
      const first = steps[0]!
      for (const size of sizesOf(first)) {
        const claims = PROTOCOLS.filter((protocol) => protocol.name !== own && probeOf(protocol, first.side, first.bytes.subarray(0, size)) === 'yes')
        assert.deepEqual(claims.map((protocol) => protocol.name), [], `${name}, ${size} bytes`)
      }
      assert.ok(PROTOCOLS.some((protocol) => protocol.name === own && probeOf(protocol, first.side, first.bytes) === 'yes'), name)
    }
  })

  test(`${own}: it is found on any port, with the answer as without`, () => {
    for (const { name, steps } of list) {
      const first = steps[0]!
      const second = steps.find(({ side }) => side !== first.side)
      const sides: [Uint8Array, Uint8Array] = [NONE, NONE]
      sides[first.side] = first.bytes
      if (second !== undefined) sides[second.side] = second.bytes
      for (const port of new Set([0, ...PROTOCOLS.flatMap(({ ports }) => ports)])) {
        const found = detect(PROTOCOLS, port, undefined, ...sides)
        assert.equal(typeof found === 'object' ? found.protocol.name : found, own, `${name} on port ${port}`)
      }
    }
  })

  test(`${own}: forced to be another protocol, it is still told`, () => {
    for (const protocol of PROTOCOLS.filter(({ name }) => name !== own)) {
      for (const { name, steps } of list) assert.ok(toldAs(protocol.name, steps) > 0, `${name} as ${protocol.name}`)
    }
  })

  test(`${own}: bytes from the middle are never taken for another protocol`, () => {
    for (const sample of list) {
      const may = new Set([own, 'more', 'none', ...alsoSpoken(own, sample)])
      for (const [i, { side, bytes }] of sample.steps.entries()) {
        const stride = Math.max(1, Math.floor(bytes.length / MIDDLES))
        for (let from = 0; from < bytes.length; from += stride) {
          for (const port of [0, 80, 443, 9092]) {
            const found = detectEither(PROTOCOLS, port, undefined, side, bytes.subarray(from), true)
            const name = typeof found === 'object' ? found.protocol.name : found
            assert.ok(may.has(name), `${sample.name}: step ${i} from byte ${from} on port ${port} is taken for ${name}: ${Buffer.from(bytes.subarray(from, from + 40)).toString('latin1')}`)
          }
        }
      }
    }
  })
}
