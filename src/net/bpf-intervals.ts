import type { BpfAssembler, Label } from './bpf-assembler.ts'
import { wordMask } from './prefix.ts'
import type { Prefix } from './prefix.ts'

/** Values of A from low to high, both included, and where they go. */
export interface Interval { low: number, high: number, to: Label }

const JEQ = 0x15
const JGE = 0x35
const LD_W_IND = 0x40
const MAX_WORD = 0xffff_ffff
/** After so many segments the jumps out go by way of a few instructions near by: a comparison reaches 255 instructions. */
const CHUNK = 192
/** So many single values are compared one after the other, which takes half the instructions of a search. */
const MAX_CHAIN = 8

interface Segment { start: number, to: Label }

/** Sends A to the target of the interval that it lies in, by binary search, or to `otherwise`. Intervals in order, not overlapping. */
export function emitIntervals(asm: BpfAssembler, intervals: readonly Interval[], otherwise: Label): void {
  const segments: Segment[] = []
  const begin = (start: number, to: Label): void => {
    if (segments.at(-1)?.to !== to) segments.push({ start, to })
  }
  let next = 0
  for (const { low, high, to } of intervals) {
    if (low > next) begin(next, otherwise)
    begin(low, to)
    next = high + 1
  }
  if (next <= MAX_WORD) begin(next, otherwise)
  if (segments.length <= CHUNK) emitSearch(asm, segments, 0, segments.length - 1)
  else emitInChunks(asm, segments, 0, segments.length - 1)
}

function emitInChunks(asm: BpfAssembler, segments: readonly Segment[], first: number, last: number): void {
  if (last - first >= CHUNK) {
    const middle = first + last + 1 >> 1
    const right = asm.label()
    asm.branch(JGE, segments[middle].start, right, undefined)
    emitInChunks(asm, segments, first, middle - 1)
    asm.place(right)
    emitInChunks(asm, segments, middle, last)
    return
  }
  const near = new Map<Label, Label>()
  for (let i = first; i <= last; i++) if (!near.has(segments[i].to)) near.set(segments[i].to, asm.label())
  emitSearch(asm, segments.map(({ start, to }) => ({ start, to: near.get(to) ?? to })), first, last)
  for (const [far, label] of near) {
    asm.place(label)
    asm.jump(far)
  }
}

function emitSearch(asm: BpfAssembler, segments: readonly Segment[], first: number, last: number): void {
  if (first === last) return asm.jump(segments[first].to)
  const chain = findChain(segments, first, last)
  if (chain !== undefined) return emitChain(asm, chain)
  const middle = first + last + 1 >> 1
  const left = middle - 1 === first ? segments[first].to : undefined
  const right = middle === last ? segments[last].to : asm.label()
  asm.branch(JGE, segments[middle].start, right, left)
  if (left === undefined) emitSearch(asm, segments, first, middle - 1)
  if (middle !== last) {
    asm.place(right)
    emitSearch(asm, segments, middle, last)
  }
}

interface Chain { singles: Segment[], rest: Label }

/** A few single values that go somewhere, while all the rest goes to one place; undefined where it is not so. */
function findChain(segments: readonly Segment[], first: number, last: number): Chain | undefined {
  if (last - first > 2 * MAX_CHAIN) return undefined
  const isSingle = (i: number): boolean => (segments[i + 1]?.start ?? MAX_WORD + 1) === segments[i].start + 1
  let rest: Label | undefined
  for (let i = first; i <= last; i++) {
    if (isSingle(i)) continue
    if (rest !== undefined && rest !== segments[i].to) return undefined
    rest = segments[i].to
  }
  rest ??= segments[last].to
  const singles = segments.slice(first, last + 1).filter(({ to }) => to !== rest)
  return singles.length > MAX_CHAIN ? undefined : { singles, rest }
}

function emitChain(asm: BpfAssembler, { singles, rest }: Chain): void {
  singles.forEach(({ start, to }, i) => asm.branch(JEQ, start, to, i === singles.length - 1 ? rest : undefined))
}

/**
 * Sends the packet to `yes` where the address at X + offset lies in one of the prefixes, else to `no`.
 * The prefixes are of one version, in order and disjoint; IPv6 is compared word by word.
 */
export function emitPrefixes(asm: BpfAssembler, prefixes: readonly Prefix[], offset: number, yes: Label, no: Label): void {
  emitWord(asm, prefixes, prefixes[0].version === 4 ? 3 : 0, prefixes[0].version === 4 ? offset - 12 : offset, yes, no)
}

function emitWord(asm: BpfAssembler, prefixes: readonly Prefix[], word: number, offset: number, yes: Label, no: Label): void {
  const intervals: Interval[] = []
  const deeper: { label: Label, prefixes: Prefix[] }[] = []
  for (const prefix of prefixes) {
    const value = prefix.words[word]
    const last = intervals.at(-1)
    if (prefix.bits <= (word + 1) * 32) {
      const high = (value | ~wordMask(prefix.bits, word)) >>> 0
      if (last !== undefined && last.to === yes && last.high === value - 1) last.high = high
      else intervals.push({ low: value, high, to: yes })
    } else if (last !== undefined && last.low === value && last.to !== yes) deeper.at(-1)!.prefixes.push(prefix)
    else {
      const label = asm.label()
      intervals.push({ low: value, high: value, to: label })
      deeper.push({ label, prefixes: [prefix] })
    }
  }
  asm.add(LD_W_IND, offset + word * 4)
  emitIntervals(asm, intervals, no)
  for (const { label, prefixes: rest } of deeper) {
    asm.place(label)
    emitWord(asm, rest, word + 1, offset, yes, no)
  }
}
