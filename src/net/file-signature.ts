/** What a file that is no capture seems to be, and what to do with it. */
export interface FileLook { readonly what: string, readonly hint?: string }

const CONVERT = 'convert it first: editcap -F pcapng FILE OUT.pcapng'

const SIGNATURES: readonly [string, FileLook][] = [
  ['1f8b', { what: 'gzip data', hint: 'unpack it first: zcat FILE | mtlscope tap -r -' }],
  ['28b52ffd', { what: 'zstd data', hint: 'unpack it first: zstdcat FILE | mtlscope tap -r -' }],
  ['fd377a585a00', { what: 'xz data', hint: 'unpack it first: xzcat FILE | mtlscope tap -r -' }],
  ['425a68', { what: 'bzip2 data', hint: 'unpack it first: bzcat FILE | mtlscope tap -r -' }],
  ['04224d18', { what: 'lz4 data', hint: 'unpack it first: lz4cat FILE | mtlscope tap -r -' }],
  ['504b0304', { what: 'a zip archive', hint: 'unpack it first: unzip -p FILE | mtlscope tap -r -' }],
  ['736e6f6f70000000', { what: 'a snoop capture', hint: CONVERT }],
  ['474d4255', { what: 'a Network Monitor capture', hint: CONVERT }],
  ['7f454c46', { what: 'an ELF program' }],
  ['434c49454e545f', { what: 'a TLS key log' }],
  ['2d2d2d2d2d424547494e', { what: 'a PEM file' }],
]
/** How much is looked at to tell text from other data. */
const SAMPLE_BYTES = 512

/** What bytes that do not begin like a capture look like. */
export function fileLook(head: Uint8Array): FileLook {
  if (head.length === 0) return { what: 'it is empty', hint: 'nothing was captured, or the program that writes it did not start' }
  const start = hexOf(head.subarray(0, 16))
  const known = SIGNATURES.find(([signature]) => start.startsWith(signature))
  if (known !== undefined) return { ...known[1], what: `it looks like ${known[1].what}` }
  if (looksLikeText(head.subarray(0, SAMPLE_BYTES))) return { what: 'it looks like text' }
  return { what: `it begins with ${start.slice(0, 8)}` }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

/** No control characters but white space and escape. */
function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.every((b) => b >= 0x20 && b !== 0x7f || b >= 0x09 && b <= 0x0d || b === 0x1b)
}
