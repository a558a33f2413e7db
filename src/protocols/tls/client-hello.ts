import { MAX_ALPN, MAX_LIST } from './limits.ts'
import { Cursor, u16List, u8List } from './cursor.ts'
import * as ext from './extensions.ts'
import { FALLBACK_SCSV, EMPTY_RENEGOTIATION_INFO_SCSV } from './cipher-suites.ts'
import { hexText, isGrease } from './code-points.ts'

/**
 * What a client offers (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2): numbers as sent, lists in their order. A list is undefined where its
 * extension is absent. `malformed` says where the format breaks; what came before that is kept.
 */
export class ClientHello {
  /** Size of the message with its header of 4 bytes. */
  bytes = 0
  /** True for a hello in the format of SSL 2.0; it has no extensions. */
  ssl2 = false
  legacyVersion = 0
  random: Uint8Array = new Uint8Array(0)
  sessionId: Uint8Array = new Uint8Array(0)
  suites: number[] = []
  compressions: number[] = []
  /** Numbers of the extensions in the order sent. */
  extensions: number[] = []
  versions: number[] | undefined
  serverName: string | undefined
  alpn: string[] | undefined
  groups: number[] | undefined
  keyShares: number[] | undefined
  pointFormats: number[] | undefined
  signatureSchemes: number[] | undefined
  signatureSchemesCert: number[] | undefined
  certificateCompressions: number[] | undefined
  pskModes: number[] | undefined
  pskIdentities = 0
  /** Length of the session ticket: 0 only asks for one, undefined does not speak of tickets. */
  ticketBytes: number | undefined
  /** The session ticket itself; nothing but its length is shown. */
  ticket: Uint8Array | undefined
  recordSizeLimit: number | undefined
  maxFragmentLength: number | undefined
  /** 'outer': encrypted or GREASE, which nobody but the server can tell. */
  ech: 'outer' | 'inner' | undefined
  cookieBytes: number | undefined
  malformed: string | undefined
  /** A list was longer than what is kept. */
  cut = false

  has(extension: number): boolean {
    return this.extensions.includes(extension)
  }

  get fallback(): boolean {
    return this.suites.includes(FALLBACK_SCSV)
  }

  get renegotiationInfo(): boolean {
    return this.has(ext.RENEGOTIATION_INFO) || this.suites.includes(EMPTY_RENEGOTIATION_INFO_SCSV)
  }

  get grease(): boolean {
    return this.suites.some(isGrease) || this.extensions.some(isGrease) || (this.groups?.some(isGrease) ?? false)
  }
}

/** Body of a ClientHello: `bytes` from `at` to `end`, without the header of 4 bytes. */
export function parseClientHello(bytes: Uint8Array, at: number, end: number): ClientHello {
  const hello = new ClientHello()
  const c = new Cursor(bytes, at, end)
  hello.bytes = end - at + 4
  hello.legacyVersion = c.u16()
  hello.random = c.copy(32)
  hello.sessionId = c.copy(c.u8())
  const suites = c.part(c.u16())
  hello.cut = suites.left > 2 * MAX_LIST
  hello.suites = u16List(suites, MAX_LIST)
  hello.compressions = u8List(c.part(c.u8()), MAX_LIST)
  if (!c.ok) hello.malformed = 'client hello ends inside its fixed fields'
  else if (c.left > 0) parseExtensions(hello, c)
  return hello
}

function parseExtensions(hello: ClientHello, c: Cursor): void {
  const all = c.part(c.u16())
  while (all.left > 0) {
    const type = all.u16()
    const body = all.part(all.u16())
    if (!all.ok) break
    if (hello.extensions.length === MAX_LIST) {
      hello.cut = true
      break
    }
    hello.extensions.push(type)
    parseExtension(hello, type, body)
    if (!body.ok) hello.malformed ??= `client hello: extension ${ext.EXTENSIONS.name(type)} is cut short`
  }
  if (!c.ok || !all.ok) hello.malformed ??= 'client hello ends inside its extensions'
}

function parseExtension(hello: ClientHello, type: number, body: Cursor): void {
  switch (type) {
    case ext.SERVER_NAME: hello.serverName = serverName(body); break
    case ext.ALPN: hello.alpn = alpnNames(body); break
    case ext.SUPPORTED_GROUPS: hello.groups = list16(hello, body, body.u16()); break
    case ext.KEY_SHARE: hello.keyShares = keyShareGroups(body); break
    case ext.EC_POINT_FORMATS: hello.pointFormats = u8List(body.part(body.u8()), MAX_LIST); break
    case ext.SIGNATURE_ALGORITHMS: hello.signatureSchemes = list16(hello, body, body.u16()); break
    case ext.SIGNATURE_ALGORITHMS_CERT: hello.signatureSchemesCert = list16(hello, body, body.u16()); break
    case ext.COMPRESS_CERTIFICATE: hello.certificateCompressions = list16(hello, body, body.u8()); break
    case ext.SUPPORTED_VERSIONS: hello.versions = list16(hello, body, body.u8()); break
    case ext.PSK_KEY_EXCHANGE_MODES: hello.pskModes = u8List(body.part(body.u8()), MAX_LIST); break
    case ext.PRE_SHARED_KEY: hello.pskIdentities = countIdentities(body); break
    case ext.SESSION_TICKET:
      hello.ticketBytes = body.left
      hello.ticket = body.copy(body.left)
      break
    case ext.RECORD_SIZE_LIMIT: hello.recordSizeLimit = body.u16(); break
    case ext.MAX_FRAGMENT_LENGTH: hello.maxFragmentLength = maxFragmentBytes(body.u8()); break
    case ext.COOKIE: hello.cookieBytes = body.u16(); break
    case ext.ENCRYPTED_CLIENT_HELLO: hello.ech = body.u8() === 1 ? 'inner' : 'outer'; break
  }
}

function list16(hello: ClientHello, body: Cursor, sizeBytes: number): number[] {
  const list = body.part(sizeBytes)
  if (list.left > 2 * MAX_LIST) hello.cut = true
  return u16List(list, MAX_LIST)
}

/** RFC 6066 §3: the first entry of type host_name. */
function serverName(body: Cursor): string | undefined {
  const names = body.part(body.u16())
  while (names.left > 0) {
    const type = names.u8()
    const name = names.part(names.u16())
    if (!names.ok) body.ok = false
    else if (type === 0) return name.latin1()
  }
  return undefined
}

/** RFC 7301 §3.1. Names are bytes: printable ones as text, GREASE as such, others in hexadecimal. */
export function alpnNames(body: Cursor): string[] {
  const list = body.part(body.u16())
  const names: string[] = []
  while (list.left > 0 && names.length < MAX_ALPN) {
    const name = list.part(list.u8()).latin1()
    names.push(alpnText(name))
  }
  if (!list.ok) body.ok = false
  return names
}

function alpnText(name: string): string {
  if (name.length === 2 && isGrease(name.charCodeAt(0) << 8 | name.charCodeAt(1))) return 'GREASE'
  if (/^[\x20-\x7e]*$/.test(name)) return name
  return '0x' + Buffer.from(name, 'latin1').toString('hex')
}

/** RFC 8446 §4.2.8: the groups alone, the keys are skipped. */
function keyShareGroups(body: Cursor): number[] {
  const list = body.part(body.u16())
  const groups: number[] = []
  while (list.left > 0 && groups.length < MAX_LIST) {
    groups.push(list.u16())
    list.skip(list.u16())
  }
  if (!list.ok) body.ok = false
  return groups
}

/** RFC 8446 §4.2.11. */
function countIdentities(body: Cursor): number {
  const list = body.part(body.u16())
  let count = 0
  while (list.left > 0) {
    list.skip(list.u16())
    list.skip(4)
    count++
  }
  if (!list.ok) body.ok = false
  return count
}

/** RFC 6066 §4: 1 is 2^9 bytes, 4 is 2^12. */
function maxFragmentBytes(code: number): number | undefined {
  return code >= 1 && code <= 4 ? 256 << code : undefined
}

const COMPRESSIONS: Readonly<Record<number, string>> = { 0: 'null', 1: 'deflate', 64: 'lzs' }
const POINT_FORMATS: Readonly<Record<number, string>> = {
  0: 'uncompressed', 1: 'ansiX962_compressed_prime', 2: 'ansiX962_compressed_char2',
}
const PSK_MODES: Readonly<Record<number, string>> = { 0: 'psk_ke', 1: 'psk_dhe_ke' }
const CERTIFICATE_COMPRESSIONS: Readonly<Record<number, string>> = { 1: 'zlib', 2: 'brotli', 3: 'zstd' }

export const compressionName = (value: number): string => COMPRESSIONS[value] ?? hexText(value, 2)
export const pointFormatName = (value: number): string => POINT_FORMATS[value] ?? hexText(value, 2)
/** GREASE of one byte is any of eight values (RFC 8701 §2): 0x0b, 0x2a, 0x49 … */
export const pskModeName = (value: number): string => PSK_MODES[value] ?? (value % 31 === 11 ? 'GREASE' : hexText(value, 2))
export const certificateCompressionName = (value: number): string => CERTIFICATE_COMPRESSIONS[value] ?? hexText(value)
