export interface Address {
  readonly version: 4 | 6
  /** Unsigned 32-bit words in host order; IPv4 uses the last only. */
  readonly words: readonly [number, number, number, number]
}

/** Dotted quad, or the canonical IPv6 text of RFC 5952 (IPv4-mapped addresses in mixed notation, §5). Words may be signed or unsigned. */
export function formatAddress(version: number, w0: number, w1: number, w2: number, w3: number): string {
  if (version === 4) return formatQuad(w3)
  if ((w0 | w1) === 0 && w2 >>> 0 === 0xffff) return `::ffff:${formatQuad(w3)}`
  return formatGroups([w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff])
}

/** Of words as everywhere here, signed or unsigned. 127.0.0.0/8 and ::1 (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopbackWords(version: number, w0: number, w1: number, w2: number, w3: number): boolean {
  return version === 4 ? w3 >>> 24 === 127 : (w0 | w1 | w2) === 0 && w3 === 1
}

/** The same of a text that formatAddress made, IPv4-mapped ones included. */
export function isLoopbackAddress(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1' || ip.startsWith('::ffff:127.')
}

/** Texts of the latest addresses, by their low bits: many flows have the same ones. A power of two. */
const QUADS = 1024
const quadWords = new Int32Array(QUADS)
const quadTexts = new Array<string>(QUADS).fill('')

function formatQuad(word: number): string {
  const place = (word ^ word >>> 12) & QUADS - 1
  if (quadWords[place] === (word | 0) && quadTexts[place] !== '') return quadTexts[place]!
  quadWords[place] = word
  return quadTexts[place] = `${word >>> 24}.${word >>> 16 & 255}.${word >>> 8 & 255}.${word & 255}`
}

/** RFC 5952 §4.2: the longest run of two or more zero groups becomes `::`, the first one among equals. */
function formatGroups(groups: readonly number[]): string {
  let start = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let run = 0
    while (i + run < 8 && groups[i + run] === 0) run++
    if (run > length) {
      start = i
      length = run
    }
    i += run
  }
  const hex = groups.map((group) => group.toString(16))
  if (start < 0) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** Reads dotted quads and every IPv6 text of RFC 4291 §2.2. No zone, no prefix length, no octal numbers: those give undefined. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const word = parseQuad(text)
    return word === undefined ? undefined : { version: 4, words: [0, 0, 0, word] }
  }
  const groups = parseGroups(text)
  if (groups === undefined) return undefined
  return { version: 6, words: [word(groups, 0), word(groups, 2), word(groups, 4), word(groups, 6)] }
}

function word(groups: readonly number[], index: number): number {
  return (groups[index]! << 16 | groups[index + 1]!) >>> 0
}

function parseQuad(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let word = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    word = word << 8 | Number(part)
  }
  return word >>> 0
}

function parseGroups(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const left = parseRun(halves[0]!, halves.length === 1)
  const right = halves.length === 2 ? parseRun(halves[1]!, true) : []
  if (left === undefined || right === undefined) return undefined
  const absent = 8 - left.length - right.length
  if (halves.length === 1 ? absent !== 0 : absent < 1) return undefined
  return [...left, ...new Array<number>(absent).fill(0), ...right]
}

/** Groups between colons; only the very last may be a dotted quad. */
function parseRun(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const quad = isLast && index === parts.length - 1 ? parseQuad(part) : undefined
    if (quad === undefined) return undefined
    groups.push(quad >>> 16, quad & 0xffff)
  }
  return groups
}
