import { MtlscopeError } from '../../base/errors.ts'
import type { LeafNames, NameLimits } from '../certificate-names.ts'
import { objectionToNames } from '../certificate-names.ts'
import { writeFileAtomic } from './atomic-file.ts'
import type { Caller, Callers } from './callers.ts'
import { readStamp } from './file-stamp.ts'
import type { Exclusive } from './folder.ts'
import { readBounded } from './folder.ts'
import { parseObject } from './state.ts'
import type { TokenRecord } from './token.ts'
import { createToken, findToken } from './token.ts'

/** Some 300 bytes each. */
export const MAX_TOKENS = 20_000
const MAX_FILE_BYTES = 16 * 1024 * 1024
const MODE = 0o600

export type TokenMap = ReadonlyMap<string, TokenRecord>

/** Empty where there is no file yet. Throws 'ca-state' where it is damaged. */
export async function readTokens(path: string): Promise<TokenMap> {
  const text = await readBounded(path, MAX_FILE_BYTES)
  if (text === undefined) return new Map()
  const tokens = parseTokens(text)
  if (tokens === undefined) throw new MtlscopeError('ca-state', `${path} is damaged`, { hint: 'put back a copy of it', facts: { path } })
  return tokens
}

/** Undefined for anything that is not wholly a token file. */
export function parseTokens(text: string): TokenMap | undefined {
  const { version, tokens } = (parseObject(text) ?? {}) as { version?: unknown, tokens?: unknown }
  if (version !== 1 || !Array.isArray(tokens) || tokens.length > MAX_TOKENS || !tokens.every(isRecord)) return undefined
  return new Map(tokens.map((record) => [record.id, record]))
}

function isRecord(value: unknown): value is TokenRecord {
  const record = (value ?? {}) as Partial<Record<keyof TokenRecord, unknown>>
  return typeof record.id === 'string' && /^[0-9a-f]{8}$/.test(record.id)
    && typeof record.sha256 === 'string' && /^[0-9a-f]{64}$/.test(record.sha256)
    && typeof record.spiffeId === 'string' && isTexts(record.dnsNames) && isTexts(record.ipAddresses)
    && typeof record.createdAtMillis === 'number' && (record.expiresAtMillis === undefined || typeof record.expiresAtMillis === 'number')
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

/** Changes the file in one step, one process at a time. */
async function changeTokens(path: string, exclusive: Exclusive, change: (tokens: Map<string, TokenRecord>) => void): Promise<void> {
  await exclusive(`${path}.lock`, async () => {
    const tokens = new Map(await readTokens(path))
    change(tokens)
    await writeFileAtomic(path, `${JSON.stringify({ version: 1, tokens: [...tokens.values()] }, null, 1)}\n`, { mode: MODE, replace: true })
  })
}

export interface NewToken {
  readonly names: LeafNames
  readonly limits: NameLimits
  readonly nowMillis: number
  readonly expiresAtMillis?: number
}

/** The token is in the answer and nowhere else. Throws 'ca-refused' for names that the CA would not issue. */
export async function addToken(path: string, exclusive: Exclusive, { names, limits, nowMillis, expiresAtMillis }: NewToken): Promise<{ token: string, record: TokenRecord }> {
  const objection = objectionToNames(names, limits)
  if (objection !== undefined) throw new MtlscopeError('ca-refused', `no token: ${objection}`)
  const { token, id, sha256 } = createToken()
  const record: TokenRecord = { id, sha256, ...names, createdAtMillis: nowMillis, ...expiresAtMillis === undefined ? {} : { expiresAtMillis } }
  await changeTokens(path, exclusive, (tokens) => {
    if (tokens.size >= MAX_TOKENS) throw new MtlscopeError('ca-refused', `no token: ${path} holds ${MAX_TOKENS} already`, { hint: 'revoke some: mtlscope ca token revoke ID' })
    tokens.set(id, record)
  })
  return { token, record }
}

/** Throws 'ca-refused' for an id that is not there. */
export async function revokeToken(path: string, exclusive: Exclusive, id: string): Promise<TokenRecord> {
  let revoked: TokenRecord | undefined
  await changeTokens(path, exclusive, (tokens) => {
    revoked = tokens.get(id)
    if (!tokens.delete(id)) throw new MtlscopeError('ca-refused', `no token has the id ${id}`, { hint: 'see: mtlscope ca token list' })
  })
  return revoked!
}

/** The tokens as they are now. A file that became damaged leaves the tokens of before in force. */
export class TokenStore implements Callers {
  readonly #path: string
  readonly #warn: (text: string) => void
  #tokens: TokenMap | undefined
  #stamp = ''

  constructor(path: string, warn: (text: string) => void) {
    this.#path = path
    this.#warn = warn
  }

  async find(token: string): Promise<Caller | string> {
    return findToken(await this.current(), token) ?? 'unknown token'
  }

  async check(): Promise<void> {
    await this.current()
  }

  async current(): Promise<TokenMap> {
    const stamp = await readStamp(this.#path)
    if (this.#tokens !== undefined && stamp === this.#stamp) return this.#tokens
    try {
      this.#tokens = await readTokens(this.#path)
    } catch (error) {
      if (this.#tokens === undefined || !(error instanceof MtlscopeError)) throw error
      this.#warn(`${error.message}; the tokens read before stay in force`)
    }
    this.#stamp = stamp
    return this.#tokens
  }
}
