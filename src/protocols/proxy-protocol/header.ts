import { formatAddress } from '../dns/address-text.ts'

/** "CR LF CR LF NUL CR LF QUIT LF" (proxy-protocol.txt §2.2). */
const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
const V2_FIXED_BYTES = 16
/** With its CR LF (§2.1). */
const MAX_V1_BYTES = 107
/** Addresses and further values of version 2; real ones have a few hundred bytes. */
const MAX_V2_BYTES = V2_FIXED_BYTES + 4096
const V1_START = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20]
const LF = 0x0a

/** Who a proxy says that it speaks for. */
export interface ProxyHeader {
  readonly version: 1 | 2
  /** The proxy speaks for itself (a health check), or says nothing of the source. */
  readonly isLocal: boolean
  readonly source?: string
  readonly destination?: string
  /** All of the header. */
  readonly bytes: number
}

/** The header at the start of `b`; 'more' where it is not there whole, 'no' where it is none. */
export function parseProxyHeader(b: Uint8Array): ProxyHeader | 'more' | 'no' {
  if (b.length === 0) return 'more'
  if (startsLike(b, SIGNATURE)) return b.length < V2_FIXED_BYTES ? 'more' : parseV2(b)
  if (startsLike(b, V1_START)) return parseV1(b)
  return 'no'
}

function startsLike(b: Uint8Array, start: readonly number[]): boolean {
  const length = Math.min(b.length, start.length)
  for (let i = 0; i < length; i++) if (b[i] !== start[i]) return false
  return true
}

const V1_LINE = /^PROXY (?:UNKNOWN(?: .*)?|(TCP4|TCP6) ([0-9a-fA-F.:]{2,39}) ([0-9a-fA-F.:]{2,39}) (\d{1,5}) (\d{1,5}))\r\n$/

function parseV1(b: Uint8Array): ProxyHeader | 'more' | 'no' {
  const end = b.subarray(0, MAX_V1_BYTES).indexOf(LF) + 1
  if (end === 0) return b.length >= MAX_V1_BYTES ? 'no' : 'more'
  const match = V1_LINE.exec(Buffer.from(b.buffer, b.byteOffset, end).toString('latin1'))
  if (match === null) return 'no'
  const [, family, source, destination, sourcePort, destinationPort] = match
  if (family === undefined) return { version: 1, isLocal: true, bytes: end }
  return { version: 1, isLocal: false, source: endText(source!, Number(sourcePort)), destination: endText(destination!, Number(destinationPort)), bytes: end }
}

/** Version 2 and its command, family and transport, length, then two addresses and two ports. */
function parseV2(b: Uint8Array): ProxyHeader | 'more' | 'no' {
  const command = b[12]!
  const bytes = V2_FIXED_BYTES + (b[14]! << 8 | b[15]!)
  if ((command !== 0x20 && command !== 0x21) || bytes > MAX_V2_BYTES) return 'no'
  if (b.length < bytes) return 'more'
  const family = b[13]! >> 4
  const size = family === 1 ? 4 : family === 2 ? 16 : 0
  if (command === 0x20 || size === 0 || bytes < V2_FIXED_BYTES + size * 2 + 4) return { version: 2, isLocal: true, bytes }
  const at = V2_FIXED_BYTES
  const ports = at + size * 2
  return {
    version: 2, isLocal: false, bytes,
    source: endText(formatAddress(b.subarray(at, at + size)), b[ports]! << 8 | b[ports + 1]!),
    destination: endText(formatAddress(b.subarray(at + size, ports)), b[ports + 2]! << 8 | b[ports + 3]!),
  }
}

function endText(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
