import { readFile } from 'node:fs/promises'
import { MtlscopeError } from '../base/errors.ts'
import { FileWatch } from '../base/file-watch.ts'
import type { IdentityEvents, IdentitySource } from './identity-source.ts'
import { checkIdentity } from './material.ts'
import type { Identity, IdentityMaterial } from './material.ts'
import { retryAfterMs } from './retry.ts'

/** Paths of PEM files. */
export interface IdentityPaths { readonly key: string, readonly chain: string, readonly bundle: string }

/** Files that do not fit together get so long before that is told: whoever replaces them may not be done. */
const SECOND_LOOK_MS = 2000
const MAX_FILE_BYTES = 4 * 1024 * 1024

/** An identity in files, read again whenever one of them changes. */
export function openIdentityFiles(paths: IdentityPaths, events: IdentityEvents): IdentitySource {
  return new IdentityFiles(paths, events)
}

class IdentityFiles implements IdentitySource {
  readonly first: Promise<Identity>
  readonly #paths: IdentityPaths
  readonly #events: IdentityEvents
  readonly #watch: FileWatch
  #current: IdentityMaterial | undefined
  #again: NodeJS.Timeout | undefined
  /** Of looks in a row, since the files changed last. */
  #failures = 0
  #told = ''
  #reading: Promise<void>
  #closed = false

  constructor(paths: IdentityPaths, events: IdentityEvents) {
    this.#paths = paths
    this.#events = events
    // The watch comes first: what changes while the first one is read is not missed.
    this.#watch = new FileWatch([paths.key, paths.chain, paths.bundle], () => this.refresh())
    this.first = this.#read()
    this.#reading = this.first.then(({ material }) => { this.#current = material }, () => {})
  }

  refresh(): void {
    this.#failures = 0
    this.#told = ''
    this.#look()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#again)
    this.#watch.close()
  }

  /** One at a time, in order. */
  #look(): void {
    clearTimeout(this.#again)
    this.#reading = this.#reading.then(() => this.#follow())
  }

  async #follow(): Promise<void> {
    if (this.#closed || this.#current === undefined) return
    try {
      const identity = await this.#read()
      this.#failures = 0
      if (isSame(identity.material, this.#current)) return
      this.#current = identity.material
      if (!this.#closed) this.#events.changed(identity)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      if (!this.#closed) this.#keep(error)
    }
  }

  /** Looks again although no file changes: a certificate that is not valid yet becomes so by nothing but time. */
  #keep(error: MtlscopeError): void {
    this.#failures++
    if (this.#failures > 1 && error.message !== this.#told) {
      this.#told = error.message
      this.#events.kept(error)
    }
    this.#again = setTimeout(() => this.#look(), this.#failures === 1 ? SECOND_LOOK_MS : retryAfterMs(this.#failures - 1)).unref()
  }

  async #read(): Promise<Identity> {
    const [keyPem, chainPem, bundlePem] = await Promise.all([readPem(this.#paths.key), readPem(this.#paths.chain), readPem(this.#paths.bundle)])
    return checkIdentity({ keyPem, chainPem, bundlePem }, Date.now())
  }
}

function isSame(a: IdentityMaterial, b: IdentityMaterial): boolean {
  return a.keyPem === b.keyPem && a.chainPem === b.chainPem && a.bundlePem === b.bundlePem
}

/** Throws 'cannot-read'. */
export async function readPem(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (text.length <= MAX_FILE_BYTES) return text
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    const hint = code === 'EACCES' ? 'the sidecar must be allowed to read it' : code === 'ENOENT' ? 'the identity must be there before the sidecar starts' : undefined
    throw new MtlscopeError('cannot-read', `cannot read ${path}: ${code}`, { cause, facts: { path }, ...hint === undefined ? {} : { hint } })
  }
  throw new MtlscopeError('cannot-read', `cannot read ${path}: larger than ${MAX_FILE_BYTES} bytes`, { facts: { path } })
}
