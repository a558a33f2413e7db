import { alpnNames } from './client-hello.ts'
import { Cursor } from './cursor.ts'
import * as ext from './extensions.ts'
import { MAX_LIST } from './limits.ts'

/** What a server of TLS 1.3 adds to its hello under encryption (RFC 8446 §4.3.1). */
export interface EncryptedExtensions {
  extensions: number[]
  /** The protocol agreed on. */
  alpn: string | undefined
  /** It takes the early data. */
  earlyData: boolean
  malformed: string | undefined
}

export function parseEncryptedExtensions(bytes: Uint8Array, at: number, end: number): EncryptedExtensions {
  const found: EncryptedExtensions = { extensions: [], alpn: undefined, earlyData: false, malformed: undefined }
  const c = new Cursor(bytes, at, end)
  const all = c.part(c.u16())
  while (all.left > 0 && found.extensions.length < MAX_LIST) {
    const type = all.u16()
    const body = all.part(all.u16())
    if (!all.ok) break
    found.extensions.push(type)
    if (type === ext.ALPN) found.alpn = alpnNames(body)[0]
    else if (type === ext.EARLY_DATA) found.earlyData = true
  }
  if (!c.ok || !all.ok) found.malformed = 'encrypted extensions end inside their list'
  return found
}
