import { alpnNames } from './client-hello.ts'
import { Cursor } from './cursor.ts'
import * as ext from './extensions.ts'
import { MAX_LIST } from './limits.ts'

/** Random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

/** What a server chose (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3). `malformed` as in ClientHello. */
export class ServerHello {
  legacyVersion = 0
  /** The version agreed on: of supported_versions where sent, else the legacy one. */
  version = 0
  random: Uint8Array = new Uint8Array(0)
  sessionId: Uint8Array = new Uint8Array(0)
  suite = 0
  compression = 0
  extensions: number[] = []
  /** Group of key_share (TLS 1.3, HelloRetryRequest). */
  group: number | undefined
  alpn: string | undefined
  selectedPsk: number | undefined
  cookieBytes: number | undefined
  malformed: string | undefined

  has(extension: number): boolean {
    return this.extensions.includes(extension)
  }

  get isRetry(): boolean {
    return RETRY_RANDOM.equals(this.random)
  }

  /** The server could do better than what was agreed on (RFC 8446 §4.1.3): somebody may have meddled, or the client is old. */
  get downgrade(): boolean {
    const r = this.random
    return r.length === 32 && Buffer.from(r.buffer, r.byteOffset + 24, 7).toString('latin1') === 'DOWNGRD' && r[31]! <= 1
  }
}

/** Body of a ServerHello or HelloRetryRequest, without the header of 4 bytes. */
export function parseServerHello(bytes: Uint8Array, at: number, end: number): ServerHello {
  const hello = new ServerHello()
  const c = new Cursor(bytes, at, end)
  hello.version = hello.legacyVersion = c.u16()
  hello.random = c.copy(32)
  hello.sessionId = c.copy(c.u8())
  hello.suite = c.u16()
  hello.compression = c.u8()
  if (!c.ok) hello.malformed = 'server hello ends inside its fixed fields'
  else if (c.left > 0) parseExtensions(hello, c)
  return hello
}

function parseExtensions(hello: ServerHello, c: Cursor): void {
  const all = c.part(c.u16())
  while (all.left > 0 && hello.extensions.length < MAX_LIST) {
    const type = all.u16()
    const body = all.part(all.u16())
    if (!all.ok) break
    hello.extensions.push(type)
    parseExtension(hello, type, body)
    if (!body.ok) hello.malformed ??= `server hello: extension ${ext.EXTENSIONS.name(type)} is cut short`
  }
  if (!c.ok || !all.ok) hello.malformed ??= 'server hello ends inside its extensions'
}

function parseExtension(hello: ServerHello, type: number, body: Cursor): void {
  switch (type) {
    case ext.SUPPORTED_VERSIONS: hello.version = body.u16(); break
    case ext.KEY_SHARE: hello.group = body.u16(); break
    case ext.PRE_SHARED_KEY: hello.selectedPsk = body.u16(); break
    case ext.ALPN: hello.alpn = alpnNames(body)[0]; break
    case ext.COOKIE: hello.cookieBytes = body.u16(); break
  }
}
