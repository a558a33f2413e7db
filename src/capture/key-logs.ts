import type { Health } from '../model/health.ts'
import { TlsSecrets } from '../protocols/tls/secrets.ts'
import { KeyLogFile, requireKeyLog } from './key-log-file.ts'

/** At most this often a file is read on, however often secrets are asked for. */
const POLL_MS = 10

/** The key logs of a run, and the secrets out of them. Nothing that it says holds a secret. */
export class KeyLogs {
  readonly secrets: TlsSecrets
  /** Settled when records are opened as quickly as this machine can. */
  readonly ready: Promise<void>
  #isSpedUp = false
  readonly #files: readonly KeyLogFile[]
  readonly #told = new Set<string>()
  #polledMs = -Infinity

  constructor(paths: readonly string[]) {
    this.secrets = new TlsSecrets(() => this.#refresh())
    this.secrets.expected = paths.length > 0
    this.ready = paths.length > 0 ? this.#speedUp() : Promise.resolve()
    this.#files = paths.map((path) => new KeyLogFile(path, this.secrets))
    this.#refresh()
  }

  /** A decryption secrets block. */
  block(type: number, bytes: Uint8Array): void {
    this.secrets.block(type, bytes)
    if (this.secrets.expected) void this.#speedUp()
  }

  /** Only then libraries of the machine are loaded; until they are, and where they are not there, node:crypto does it. */
  async #speedUp(): Promise<void> {
    if (this.#isSpedUp) return
    this.#isSpedUp = true
    try {
      const { recordCrypto } = await import('../sys/record-crypto.ts')
      this.secrets.crypto = recordCrypto
    } catch {
      // No prebuilt koffi for this machine.
    }
  }

  /** @throws MtlscopeError cannot-read for the first that cannot be read now */
  require(): void {
    for (const file of this.#files) requireKeyLog(file)
  }

  /** Reads on, and wakes the connections that wait. */
  poll(): void {
    this.#refresh()
    this.secrets.announce()
  }

  #refresh(): void {
    if (this.#files.length === 0) return
    const nowMs = performance.now()
    if (nowMs - this.#polledMs < POLL_MS) return
    this.#polledMs = nowMs
    for (const file of this.#files) file.poll(nowMs)
  }

  /** What the user should know, each thing once. */
  warnings(): string[] {
    const all = this.#files.flatMap(({ path, problem, parser }) => [
      ...(problem === 'ENOENT' ? [`key log ${path} is not there yet`] : problem === undefined ? [] : [`cannot read key log ${path}: ${problem}`]),
      ...parser.faults.map(({ line, why }) => `key log ${path}: line ${line} ${why}`),
    ])
    const fresh = all.filter((text) => !this.#told.has(text))
    for (const text of fresh) this.#told.add(text)
    return fresh
  }

  /** Adds what was not understood to the bounds and losses of a health. */
  addTo(health: Health): void {
    const lines = this.#files.reduce((sum, { parser }) => sum + parser.faultCount, this.secrets.blockFaults)
    if (lines > 0) health.limits['key log lines not understood'] = lines
  }

  close(): void {
    for (const file of this.#files) file.close()
  }
}
