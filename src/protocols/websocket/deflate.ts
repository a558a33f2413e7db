import { Buffer } from 'node:buffer'
import { constants, inflateRawSync } from 'node:zlib'
import type { Header } from '../http/headers.ts'
import { headerValue } from '../http/headers.ts'
import { MAX_INFLATED_BYTES, WINDOW_BYTES } from './limits.ts'

/** What the handshake says about permessage-deflate (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly isAgreed: boolean
  /** Each message of the client, or of the server, is compressed for itself. */
  readonly clientForgets: boolean
  readonly serverForgets: boolean
  /** Extensions that are not known. */
  readonly unknown: readonly string[]
}

/** By the server's answer, which decides. */
export function deflateParameters(responseHeaders: readonly Header[]): DeflateParameters {
  const extensions = headerValue(responseHeaders, 'sec-websocket-extensions').toLowerCase().split(',')
    .map((extension) => extension.split(';').map((part) => part.trim())).filter(([name]) => name !== '')
  const deflate = extensions.find(([name]) => name === 'permessage-deflate')
  return {
    isAgreed: deflate !== undefined,
    clientForgets: deflate?.includes('client_no_context_takeover') === true,
    serverForgets: deflate?.includes('server_no_context_takeover') === true,
    unknown: extensions.flatMap(([name]) => name === 'permessage-deflate' ? [] : [name!]),
  }
}

export interface Inflated {
  readonly bytes: Buffer
  /** Why it is not all of the message. */
  readonly problem: string | undefined
}

/** Every message ends with this, which is not sent (§7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff])
const NO_BYTES = Buffer.alloc(0)

/** Decompresses the messages of one side in their order, and keeps of their text what later ones may refer to. */
export class Inflater {
  readonly #forgets: boolean
  #window: Buffer = NO_BYTES
  /** Messages were missed, so what the next refer to may be unknown. DEFLATE notices: it never gives something wrong. */
  #isDoubtful: boolean

  constructor(forgets: boolean, isDoubtful: boolean) {
    this.#forgets = forgets
    this.#isDoubtful = isDoubtful && !forgets
  }

  get heldBytes(): number {
    return this.#window.length
  }

  /** A message was not seen whole. */
  lose(): void {
    this.#window = NO_BYTES
    this.#isDoubtful = !this.#forgets
  }

  /** The bytes are the caller's until the next call. `isWhole`: nothing is missing at the end. */
  inflate(sent: Buffer, isWhole: boolean): Inflated {
    try {
      const bytes = inflateRawSync(isWhole ? Buffer.concat([sent, TAIL]) : sent, {
        finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES, ...this.#window.length > 0 && { dictionary: this.#window },
      })
      if (isWhole) this.#remember(bytes)
      else this.lose()
      return { bytes, problem: undefined }
    } catch (error) {
      const problem = this.#problem(error)
      this.lose()
      return { bytes: NO_BYTES, problem }
    }
  }

  #remember(bytes: Buffer): void {
    if (this.#forgets || bytes.length === 0) return
    const joined = bytes.length >= WINDOW_BYTES ? bytes : Buffer.concat([this.#window, bytes])
    this.#window = Buffer.from(joined.subarray(Math.max(0, joined.length - WINDOW_BYTES)))
  }

  #problem(error: unknown): string {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return `expands to more than ${MAX_INFLATED_BYTES} bytes`
    return this.#isDoubtful ? 'cannot be decompressed: it refers to messages that were not captured' : 'broken compression'
  }
}
