import { MtlscopeError } from '../base/errors.ts'
import type { Prefix } from './prefix.ts'
import { disjointPrefixes, parsePrefix, wordMask } from './prefix.ts'

/** A set of addresses and networks. Plain data, so that it can be sent to another thread. */
export interface HostSet {
  /** In order, none inside another. */
  readonly prefixes: readonly Prefix[]
  /** The same for looking up: one table for each length of prefix. */
  readonly tables4: readonly HostTable[]
  readonly tables6: readonly HostTable[]
}

/** Open addressing; a slot is five words: whether it is used, then the four of the network. */
interface HostTable {
  readonly mask0: number
  readonly mask1: number
  readonly mask2: number
  readonly mask3: number
  /** Slots - 1; a power of two less one. */
  readonly last: number
  readonly slots: Int32Array
}

const SLOT = 5

/** Addresses or networks, also several in a word with commas. Throws 'bad-filter' with the word that is wrong. */
export function parseHostSet(words: readonly string[]): HostSet {
  const texts = words.flatMap((w) => w.split(',')).map((w) => w.trim()).filter((w) => w !== '')
  return makeHostSet(texts.map((text) => {
    const prefix = parsePrefix(text)
    if (prefix !== undefined) return prefix
    throw new MtlscopeError('bad-filter', `not an address: ${text}`, {
      hint: 'an address or a network like 10.0.0.7, 10.1.0.0/16 or fd00::/8; names are not looked up', facts: { word: text },
    })
  }))
}

function makeHostSet(given: readonly Prefix[]): HostSet {
  const prefixes = disjointPrefixes(given)
  return { prefixes, tables4: tablesOf(prefixes, 4), tables6: tablesOf(prefixes, 6) }
}

function tablesOf(prefixes: readonly Prefix[], version: number): HostTable[] {
  const lengths = [...new Set(prefixes.filter((p) => p.version === version).map((p) => p.bits))].sort((a, b) => b - a)
  return lengths.map((bits) => makeTable(prefixes.filter((p) => p.version === version && p.bits === bits), bits))
}

function makeTable(prefixes: readonly Prefix[], bits: number): HostTable {
  let size = 4
  while (size < prefixes.length * 2) size *= 2
  const slots = new Int32Array(size * SLOT)
  const last = size - 1
  for (const { words: [w0, w1, w2, w3] } of prefixes) {
    let slot = hashWords(w0 | 0, w1 | 0, w2 | 0, w3 | 0) & last
    while (slots[slot * SLOT] === 1) slot = slot + 1 & last
    slots.set([1, w0, w1, w2, w3], slot * SLOT)
  }
  return { mask0: wordMask(bits, 0), mask1: wordMask(bits, 1), mask2: wordMask(bits, 2), mask3: wordMask(bits, 3), last, slots }
}

/** Whether the address (32-bit words, signed or not) lies in the set. */
export function hasHost(set: HostSet, version: number, w0: number, w1: number, w2: number, w3: number): boolean {
  const tables = version === 4 ? set.tables4 : set.tables6
  for (let i = 0; i < tables.length; i++) {
    if (inTable(tables[i], w0, w1, w2, w3)) return true
  }
  return false
}

function inTable(table: HostTable, w0: number, w1: number, w2: number, w3: number): boolean {
  const m0 = w0 & table.mask0
  const m1 = w1 & table.mask1
  const m2 = w2 & table.mask2
  const m3 = w3 & table.mask3
  const { slots, last } = table
  for (let slot = hashWords(m0, m1, m2, m3) & last; ; slot = slot + 1 & last) {
    const at = slot * SLOT
    if (slots[at] === 0) return false
    if (slots[at + 4] === m3 && slots[at + 3] === m2 && slots[at + 2] === m1 && slots[at + 1] === m0) return true
  }
}

function hashWords(w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(w0, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca77) ^ Math.imul(w2, 0xc2b2ae3d) ^ Math.imul(w3, 0x27d4eb2f)
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d)
  return hash ^ hash >>> 13
}
