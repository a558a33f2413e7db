import { CODE_LENGTHS, END_OF_STRING, huffmanCodes } from './huffman-code.ts'

/**
 * A step for each state (an inner node of the tree, 256 of them) and each byte: bits 0-7 the next state, 8-15 and 16-23 the symbols that
 * the byte completes, 24-25 how many those are (no code has less than 5 bits, so at most two), 26 that it is wrong.
 */
const WRONG = 1 << 26
let steps: Int32Array | undefined
/** States in which a string may end: the bits since the last symbol are fewer than 8, and all ones (RFC 7541 §5.2). */
const mayEnd = new Uint8Array(256)

/** Room that `size` bytes may need once decoded. */
export function decodedRoom(size: number): number {
  return Math.ceil(size * 8 / 5) + 2
}

/** Decodes the bytes into `out` from `at`, which must have `decodedRoom` there. Returns the end, or -1 where they are no Huffman string. */
export function decodeHuffman(buf: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  const table = steps ??= makeSteps()
  let state = 0
  let seen = 0
  let end = at
  for (let i = from; i < to; i++) {
    const step = table[state << 8 | buf[i]!]!
    out[end] = step >>> 8
    out[end + 1] = step >>> 16
    end += step >>> 24 & 3
    state = step & 0xff
    seen |= step
  }
  return (seen & WRONG) === 0 && mayEnd[state] === 1 ? end : -1
}

/** Children of each inner node: below 256 an inner node, from 256 on a symbol. */
function makeTree(): [Int32Array, Int32Array] {
  const tree: [Int32Array, Int32Array] = [new Int32Array(256).fill(-1), new Int32Array(256).fill(-1)]
  const codes = huffmanCodes()
  let nodes = 1
  for (let symbol = 0; symbol < codes.length; symbol++) {
    let node = 0
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit >= 0; bit--) {
      const branch = tree[codes[symbol]! >>> bit & 1]!
      if (bit === 0) branch[node] = 256 + symbol
      else node = branch[node]! >= 0 ? branch[node]! : branch[node] = nodes++
    }
  }
  return tree
}

function makeSteps(): Int32Array {
  const tree = makeTree()
  const table = new Int32Array(256 * 256)
  for (let state = 0; state < 256; state++) for (let byte = 0; byte < 256; byte++) table[state << 8 | byte] = stepOf(tree, state, byte)
  for (let bits = 0, node = 0; bits < 8; bits++, node = tree[1][node]!) mayEnd[node] = 1
  return table
}

function stepOf(tree: [Int32Array, Int32Array], state: number, byte: number): number {
  let node = state
  let step = 0
  let symbols = 0
  for (let bit = 7; bit >= 0; bit--) {
    const next = tree[byte >>> bit & 1]![node]!
    node = next < 256 ? next : 0
    if (next === 256 + END_OF_STRING) step |= WRONG
    else if (next >= 256) step |= next - 256 << 8 + 8 * symbols++
  }
  return step | symbols << 24 | node
}
