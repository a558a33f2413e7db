import { open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MtlscopeError } from '../../base/errors.ts'
import { makeFolder, writeFailed, writeFileAtomic } from './atomic-file.ts'
import type { AuditSink } from './audit.ts'
import { AuditLog } from './audit.ts'
import type { CaStore, CertificateKind } from './ca-store.ts'
import { readStamp } from './file-stamp.ts'
import type { CaState } from './state.ts'
import { formatState, MAX_STATE_BYTES, parseState } from './state.ts'

/** Runs one thing at a time among all processes that name the same file. Rejects with 'ca-busy' where that takes too long. */
export type Exclusive = <T>(lockPath: string, run: () => Promise<T>) => Promise<T>

const STATE = 'ca.json'
const LOCK = 'lock'
const MAX_PEM_BYTES = 64 * 1024
const CHUNK_BYTES = 16 * 1024
/** Keys are for the owner; a group may read them where a volume of Kubernetes gives it (fsGroup). */
const FORBIDDEN_KEY_BITS = 0o027
const KEY_MODE = 0o600
const PUBLIC_MODE = 0o644

/**
 * The files of a CA. Keys and certificates are written once under new names and never again; ca.json names those that count and is replaced in one
 * step, last. What a crash leaves half-done therefore is never looked at.
 */
export class CaFolder implements CaStore {
  readonly path: string
  readonly audit: AuditSink
  readonly #exclusive: Exclusive

  constructor(path: string, exclusive: Exclusive) {
    this.path = path
    this.#exclusive = exclusive
    this.audit = new AuditLog(this.auditPath)
  }

  get option(): string { return `--dir ${this.path}` }
  get tokensPath(): string { return join(this.path, 'tokens.json') }
  get auditPath(): string { return join(this.path, 'audit.jsonl') }
  get statePath(): string { return join(this.path, STATE) }

  /** Made for the owner only. One that is there is taken as it is. */
  async create(): Promise<void> {
    await makeFolder(this.path)
  }

  /** Whoever changes ca.json does it within. */
  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    return await this.#exclusive(join(this.path, LOCK), run)
  }

  async stamp(): Promise<string> {
    return await readStamp(this.statePath)
  }

  async readState(): Promise<CaState> {
    const text = await readBounded(this.statePath, MAX_STATE_BYTES)
    if (text === undefined) {
      throw new MtlscopeError('ca-state', `there is no CA in ${this.path}`, { hint: `make one with: mtlscope ca init --dir ${this.path}`, facts: { path: this.path } })
    }
    const state = parseState(text)
    if (state === undefined) throw new MtlscopeError('ca-state', `${this.statePath} is damaged`, { hint: 'put back a copy of the whole folder', facts: { path: this.statePath } })
    return state
  }

  async hasState(): Promise<boolean> {
    return await readBounded(this.statePath, MAX_STATE_BYTES) !== undefined
  }

  /** `first`: the state of a new CA, which never replaces another one. */
  async writeState(state: CaState, first = false): Promise<void> {
    await writeFileAtomic(this.statePath, formatState(state), { mode: KEY_MODE, replace: !first })
  }

  /** Key first: a certificate without its key could not be told from one whose key is kept elsewhere. */
  async writePair(kind: CertificateKind, id: string, keyPem: string, certificatePem: string): Promise<void> {
    await writeFileAtomic(this.keyPath(kind, id), keyPem, { mode: KEY_MODE, replace: false })
    await writeFileAtomic(this.certificatePath(kind, id), certificatePem, { mode: PUBLIC_MODE, replace: false })
  }

  async readCertificate(kind: CertificateKind, id: string): Promise<string> {
    return await this.#require(this.certificatePath(kind, id))
  }

  /** Throws 'ca-state' where others may read it. */
  async readKey(kind: CertificateKind, id: string): Promise<string> {
    const path = this.keyPath(kind, id)
    const pem = await this.#require(path)
    const { mode } = await stat(path)
    if ((mode & FORBIDDEN_KEY_BITS) === 0) return pem
    throw new MtlscopeError('ca-state', `${path} is open to others: mode ${(mode & 0o777).toString(8).padStart(4, '0')}`, { hint: `chmod 600 ${path}`, facts: { path } })
  }

  async hasKey(kind: CertificateKind, id: string): Promise<boolean> {
    return await readBounded(this.keyPath(kind, id), MAX_PEM_BYTES) !== undefined
  }

  /** No error where there is none. */
  async removeKey(kind: CertificateKind, id: string): Promise<void> {
    const path = this.keyPath(kind, id)
    await unlink(path).catch((error: NodeJS.ErrnoException) => { if (error.code !== 'ENOENT') throw writeFailed(path, error) })
  }

  /** Keys that `state` does not count on, and files half-written: left by something that was interrupted. */
  async leftovers(state: CaState): Promise<string[]> {
    const known = new Set(state.roots.flatMap(({ id, intermediateId }) => [id, intermediateId]))
    return (await readdir(this.path)).filter((name) => {
      const id = /^(?:root|intermediate)-([0-9a-f]{8})\.key$/.exec(name)?.[1]
      return name.endsWith('.tmp') || (id !== undefined && !known.has(id))
    }).toSorted()
  }

  keyPath(kind: CertificateKind, id: string): string {
    return join(this.path, `${kind}-${id}.key`)
  }

  certificatePath(kind: CertificateKind, id: string): string {
    return join(this.path, `${kind}-${id}.pem`)
  }

  async #require(path: string): Promise<string> {
    const text = await readBounded(path, MAX_PEM_BYTES)
    if (text === undefined) throw new MtlscopeError('ca-state', `${path} is missing`, { hint: 'put back a copy of the whole folder', facts: { path } })
    return text
  }
}

/** Undefined where there is no such file; 'cannot-read' for other failures and for more than `maxBytes`. */
export async function readBounded(path: string, maxBytes: number): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw readFailed(path, error.code ?? error.message, error)
  })
  if (file === undefined) return undefined
  try {
    const chunks: Buffer[] = []
    for (let sizeBytes = 0; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8')
      sizeBytes += bytesRead
      if (sizeBytes > maxBytes) throw readFailed(path, `it has more than ${maxBytes} bytes`)
      chunks.push(buffer.subarray(0, bytesRead))
    }
  } catch (error) {
    throw error instanceof MtlscopeError ? error : readFailed(path, (error as NodeJS.ErrnoException).code ?? String(error), error)
  } finally {
    await file.close()
  }
}

function readFailed(path: string, why: string, cause?: unknown): MtlscopeError {
  return new MtlscopeError('cannot-read', `cannot read ${path}: ${why}`, { facts: { path }, cause })
}
