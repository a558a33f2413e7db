import type { RequestHalf, RequestWay } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import type { Columns, RecordReader } from './record-reader.ts'

/** What a client said on one connection, cut into pieces of so many bytes: some dozens of requests each. */
const BLOCK_BYTES = 32 * 1024

type Side = RequestHalf['side']
export type EndWay = Pick<RequestWay, 'from' | 'to' | 'verdict'>

/** Ends of requests that follow each other on one connection, told together. Two stores that have the two ends of the same requests have the same `count` and `digest`. */
export interface EndBlock {
  /** See blockOf. */
  readonly block: string
  readonly side: Side
  readonly count: number
  readonly digest: number
  /** Index of PartEnds.ways; -1 where they differ. */
  readonly way: number
  /** When the earliest was said. */
  readonly atMicros: Micros
  /** Of all together. */
  readonly elapsedMicros: number
}

export interface PartEnd {
  readonly key: string
  readonly side: Side
  readonly way: number
  /** Of method, path, status and protocol. */
  readonly subject: number
  readonly atMicros: Micros
  readonly elapsedMicros?: number
  readonly requestBytes?: number
  readonly responseBytes?: number
  readonly complete: boolean
}

export interface SideCounts { readonly client: number, readonly server: number }

/** Requests of a selection of which one end of the wire was seen. */
export interface PartEnds {
  readonly ways: readonly EndWay[]
  readonly blocks: readonly EndBlock[]
  /** One by one, of the blocks that were asked for. */
  readonly ends: readonly PartEnd[]
  /** All that are in `blocks`. */
  readonly keyed: SideCounts
  /** Those without, and those of blocks for which there was no room. */
  readonly unkeyed: SideCounts
}

/** Which piece of which connection a key (RequestHalf) lies in. */
export function blockOf(key: string): string {
  const dot = key.lastIndexOf('.')
  return `${key.slice(0, dot)}/${Math.floor(Number(key.slice(dot + 1)) / BLOCK_BYTES)}`
}

function offsetOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('.') + 1))
}

class BlockSum {
  count = 0
  digest = 0
  atMicros = Infinity
  elapsedMicros = 0
  way: number

  constructor(way: number) {
    this.way = way
  }
}

/** Ends of requests, by blocks or one by one. */
export class EndTable {
  readonly #reader: RecordReader
  readonly #limit: number
  readonly #wanted: ReadonlySet<string> | undefined
  readonly #blocks: Readonly<Record<Side, Map<string, BlockSum>>> = { client: new Map(), server: new Map() }
  readonly #ends: PartEnd[] = []
  readonly #ways: EndWay[] = []
  readonly #wayNumbers = new Map<string, number>()
  readonly #keyed = { client: 0, server: 0 }
  readonly #unkeyed = { client: 0, server: 0 }

  /** @param limit blocks, or ends, that are told @param wanted blocks of which each end is told, and nothing else */
  constructor(reader: RecordReader, limit: number, wanted?: readonly string[]) {
    this.#reader = reader
    this.#limit = limit
    this.#wanted = wanted && new Set(wanted)
  }

  add(columns: Columns, way: RequestWay | undefined): void {
    const half = way?.half
    if (half === undefined) return
    const { side, key } = half
    if (key === undefined) {
      this.#unkeyed[side]++
      return
    }
    const block = blockOf(key)
    if (this.#wanted === undefined) this.#addToBlock(columns, way!, block, key)
    else if (this.#wanted.has(block) && this.#ends.length < this.#limit) this.#ends.push(this.#endOf(columns, way!, side, key))
  }

  #addToBlock(columns: Columns, way: RequestWay, block: string, key: string): void {
    const { side } = way.half!
    const number = this.#wayOf(way)
    let sum = this.#blocks[side].get(block)
    if (sum === undefined) {
      if (this.#blocks.client.size + this.#blocks.server.size >= this.#limit) {
        this.#unkeyed[side]++
        return
      }
      this.#blocks[side].set(block, sum = new BlockSum(number))
    }
    this.#keyed[side]++
    const [, at, elapsed, , , , , , , requestBytes, responseBytes] = columns
    sum.count++
    sum.digest += withNumber(withNumber(withNumber(this.#subjectOf(columns), offsetOf(key)), requestBytes), responseBytes)
    sum.elapsedMicros += Math.max(0, elapsed)
    if (at < sum.atMicros) sum.atMicros = at
    if (sum.way !== number) sum.way = -1
  }

  #endOf(columns: Columns, way: RequestWay, side: Side, key: string): PartEnd {
    const [, atMicros] = columns
    const { complete, elapsedMicros, requestBytes, responseBytes } = this.#reader.rowOf(columns)
    return {
      key, side, way: this.#wayOf(way), subject: this.#subjectOf(columns), atMicros, complete,
      ...(elapsedMicros !== undefined && { elapsedMicros }), ...(requestBytes !== undefined && { requestBytes }), ...(responseBytes !== undefined && { responseBytes }),
    }
  }

  #subjectOf([, , , protocol, code, status, , , , , , what]: Columns): number {
    return withNumber(withText(withText(withText(BASIS, this.#reader.protocol(protocol)), status), what), code)
  }

  #wayOf({ from, to, verdict }: RequestWay): number {
    const key = `${from ?? ''}\0${to ?? ''}\0${verdict}`
    const known = this.#wayNumbers.get(key)
    if (known !== undefined) return known
    this.#wayNumbers.set(key, this.#ways.length)
    return this.#ways.push({ ...(from !== undefined && { from }), ...(to !== undefined && { to }), verdict }) - 1
  }

  told(): PartEnds {
    const blocks = (['client', 'server'] as const).flatMap((side) => [...this.#blocks[side]].map(([block, sum]): EndBlock => ({ block, side, ...sum })))
    return { ways: this.#ways, blocks, ends: this.#ends, keyed: this.#keyed, unkeyed: this.#unkeyed }
  }
}

/** FNV-1a, 32 bits: of letters, and of the halves of numbers. */
const BASIS = 0x811c9dc5
const PRIME = 0x01000193

function withText(hash: number, text: string): number {
  let next = hash
  for (let i = 0; i < text.length; i++) next = Math.imul(next ^ text.charCodeAt(i), PRIME)
  return Math.imul(next, PRIME) >>> 0
}

function withNumber(hash: number, value: number): number {
  return Math.imul(Math.imul(hash ^ (value | 0), PRIME) ^ Math.floor(value / 0x1_0000_0000), PRIME) >>> 0
}
