import { KeyLogFile, requireKeyLog } from '../capture/key-log-file.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import type { KeyLogTarget } from '../protocols/tls/key-log.ts'

/** Type of a decryption secrets block that holds a TLS key log: `TLSK`, draft-ietf-opsawg-pcapng §4.6. */
const TLS_KEY_LOG = 0x544c534b

/** The lines of key logs as blocks of the capture, each line once. */
export class SniffSecrets {
  readonly #files: readonly KeyLogFile[]
  readonly #told = new Set<string>()
  #lines: string[] = []
  /** Lines that were written. */
  written = 0

  constructor(paths: readonly string[]) {
    const target: KeyLogTarget = {
      secret: (label, clientRandom, secret) => { this.#lines.push(`${label} ${clientRandom} ${hex(secret)}`) },
      session: (sessionId, master) => { this.#lines.push(`RSA Session-ID:${sessionId} Master-Key:${hex(master)}`) },
      premaster: (start, premaster) => { this.#lines.push(`RSA ${start} ${hex(premaster)}`) },
    }
    this.#files = paths.map((path) => new KeyLogFile(path, target))
    this.#poll(performance.now())
    // It may come with the first connection; anything else would stay as it is.
    for (const file of this.#files) if (file.problem !== 'ENOENT') requireKeyLog(file)
  }

  /** A block of what has come since the last call; undefined where nothing has. @param last also looks for files that were not there a moment ago */
  block(last = false): Uint8Array | undefined {
    this.#poll(last ? Infinity : performance.now())
    if (this.#lines.length === 0) return undefined
    const writer = new PcapngWriter()
    writer.secrets(TLS_KEY_LOG, Buffer.from(`${this.#lines.join('\n')}\n`))
    this.written += this.#lines.length
    this.#lines = []
    return writer.take()
  }

  #poll(nowMs: number): void {
    for (const file of this.#files) file.poll(nowMs)
  }

  /** What the user should know, each thing once. No secret is repeated. */
  warnings(): string[] {
    const all = this.#files.flatMap(({ path, problem, parser }) => [
      ...(problem === undefined ? [] : [problem === 'ENOENT' ? `key log ${path} is not there yet` : `cannot read key log ${path}: ${problem}`]),
      ...parser.faults.map(({ line, why }) => `key log ${path}: line ${line} ${why}`),
    ])
    const fresh = all.filter((text) => !this.#told.has(text))
    for (const text of fresh) this.#told.add(text)
    return fresh
  }

  close(): void {
    for (const file of this.#files) file.close()
  }
}

function hex(secret: string): string {
  return Buffer.from(secret, 'latin1').toString('hex')
}
