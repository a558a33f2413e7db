import type { SecretLabel } from '../secret-source.ts'
import { MAX_KEY_LOG_FAULTS, MAX_KEY_LOG_LINE_BYTES } from './limits.ts'

/** Takes what the lines of a key log say. Secrets are a character a byte. */
export interface KeyLogTarget {
  /** `clientRandom`: 64 lower-case hexadecimal digits. */
  secret(label: SecretLabel, clientRandom: string, secret: string): void
  /** Old format: master secret of a session id, premaster secret of the start of its encrypted form (both hexadecimal). */
  session(sessionId: string, master: string): void
  premaster(encryptedStart: string, premaster: string): void
}

/** A line that is not understood. What it holds is never repeated: it may be a secret. */
export interface KeyLogFault { readonly line: number, readonly why: string }

const LF = 0x0a
const RANDOM_DIGITS = 64
const MASTER_DIGITS = 96
const EARLY = 'CLIENT_EARLY_TRAFFIC_SECRET'
/** Labels with the digits that their secret may have: a master secret has 48 bytes, a traffic secret those of its hash. */
const LABELS: Readonly<Record<string, readonly number[]>> = {
  CLIENT_RANDOM: [MASTER_DIGITS],
  [EARLY]: [64, 96, 128],
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: [64, 96, 128],
  SERVER_HANDSHAKE_TRAFFIC_SECRET: [64, 96, 128],
  CLIENT_TRAFFIC_SECRET_0: [64, 96, 128],
  SERVER_TRAFFIC_SECRET_0: [64, 96, 128],
}

/**
 * Reads a key log (SSLKEYLOGFILE, draft-ietf-tls-keylogfile) as it grows, cut anywhere. Lines of other labels are passed over,
 * as the draft wants it; hostile ones are counted and told by their number.
 */
export class KeyLogParser {
  /** Lines that gave a secret. */
  secrets = 0
  /** Well-formed lines of labels that decrypt nothing here (EXPORTER_SECRET, ECH_SECRET …). */
  others = 0
  faultCount = 0
  /** The first of the faults. */
  readonly faults: KeyLogFault[] = []
  readonly #target: KeyLogTarget
  #line = 1
  /** Start of a line whose end is still to come. */
  #rest = ''
  #skipping = false

  constructor(target: KeyLogTarget) {
    this.#target = target
  }

  push(bytes: Uint8Array): void {
    let from = 0
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      this.#add(bytes, from, at)
      this.#endLine()
      from = at + 1
    }
    this.#add(bytes, from, bytes.length)
  }

  /** The log is over: a last line without its newline counts if it is understood. Not for logs that still grow: a line may be cut. */
  flush(): void {
    if (!this.#skipping && this.#understand(this.#rest) === undefined) this.#rest = ''
  }

  /** A file was put in place of the old one: what was half read is gone. */
  restart(): void {
    this.#line = 1
    this.#rest = ''
    this.#skipping = false
  }

  #add(bytes: Uint8Array, from: number, to: number): void {
    if (this.#skipping || from === to) return
    if (this.#rest.length + to - from > MAX_KEY_LOG_LINE_BYTES) {
      this.#skipping = true
      this.#rest = ''
      this.#fault('is too long')
      return
    }
    this.#rest += Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
  }

  #endLine(): void {
    const line = this.#rest
    this.#rest = ''
    const why = this.#skipping ? undefined : this.#understand(line)
    if (why !== undefined) this.#fault(why)
    this.#skipping = false
    this.#line++
  }

  /** What is wrong with the line; undefined where nothing is. */
  #understand(line: string): string | undefined {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) return undefined
    const words = text.split(/[ \t]+/)
    if (words[0] === 'RSA') return this.#takeRsa(words)
    return words.length === 3 ? this.#takeSecret(words[0]!, words[1]!, words[2]!) : 'does not have three parts'
  }

  #takeSecret(label: string, random: string, secret: string): string | undefined {
    const digits = Object.hasOwn(LABELS, label) ? LABELS[label] : undefined
    if (digits === undefined) {
      if (!/^[A-Z][A-Z0-9_]{2,63}$/.test(label)) return 'has no label'
      this.others++
      return undefined
    }
    if (random.length !== RANDOM_DIGITS || !isHex(random)) return 'has a client random that is not 64 hexadecimal digits'
    if (!digits.includes(secret.length) || !isHex(secret)) return 'has a secret of a wrong length or with other than hexadecimal digits'
    this.secrets++
    this.#target.secret(label as SecretLabel, random.toLowerCase(), bytesOf(secret))
    return undefined
  }

  /** `RSA <8 bytes of the encrypted premaster secret> <premaster secret>` and `RSA Session-ID:<id> Master-Key:<master secret>`. */
  #takeRsa(words: readonly string[]): string | undefined {
    const [, first = '', second = ''] = words
    const id = /^Session-ID:([0-9a-f]{2,64})$/i.exec(first)?.[1]
    const master = /^Master-Key:([0-9a-f]{96})$/i.exec(second)?.[1]
    if (id !== undefined && master !== undefined) this.#target.session(id.toLowerCase(), bytesOf(master))
    else if (/^[0-9a-f]{16}$/i.test(first) && /^[0-9a-f]{96}$/i.test(second)) this.#target.premaster(first.toLowerCase(), bytesOf(second))
    else return 'is no RSA line'
    this.secrets++
    return undefined
  }

  #fault(why: string): void {
    this.faultCount++
    if (this.faults.length < MAX_KEY_LOG_FAULTS) this.faults.push({ line: this.#line, why })
  }
}

function isHex(text: string): boolean {
  return /^[0-9a-f]+$/i.test(text)
}

function bytesOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1')
}
