import { jsonText } from '../base/json-text.ts'
import { iso } from '../identity/authority/issuer.ts'
import type { TokenRecord } from '../identity/authority/token.ts'
import { addToken, readTokens, revokeToken } from '../identity/authority/token-file.ts'
import { withFileLock } from '../sys/file-lock.ts'
import { caFolder, occasion } from './ca-folder.ts'
import { say } from './say.ts'

interface TokenFlags { dir: string, tokens?: string }
export interface TokenAddFlags extends TokenFlags { spiffe: string, dns?: string[], ip?: string[], expires?: number }
export interface TokenListFlags extends TokenFlags { output: 'text' | 'json' }

const pathOf = (flags: TokenFlags): string => flags.tokens ?? caFolder(flags.dir).tokensPath

/** The token is the only thing on standard output. */
export async function runTokenAdd(flags: TokenAddFlags): Promise<void> {
  const folder = caFolder(flags.dir)
  const { nowMillis, by } = occasion()
  const names = { spiffeId: flags.spiffe, dnsNames: flags.dns ?? [], ipAddresses: flags.ip ?? [] }
  const expiresAtMillis = flags.expires === undefined ? undefined : nowMillis + flags.expires
  const { token, record } = await addToken(pathOf(flags), withFileLock, { names, limits: await folder.readState(), nowMillis, expiresAtMillis })
  await folder.audit.append({ event: 'token-added', by, ...names, tokenId: record.id, ...expiresAtMillis === undefined ? {} : { until: iso(expiresAtMillis) } }, nowMillis)
  process.stdout.write(`${token}\n`)
  say(`token ${record.id} stands for ${record.spiffeId}; it is not shown again`)
}

export async function runTokenList(flags: TokenListFlags): Promise<void> {
  const tokens = [...(await readTokens(pathOf(flags))).values()]
  if (flags.output === 'json') process.stdout.write(tokens.map((token) => `${jsonText(publicPart(token))}\n`).join(''))
  else process.stdout.write(tokens.map((token) => `${token.id}  ${[token.spiffeId, ...token.dnsNames, ...token.ipAddresses].join(' ')}  ${lifeOf(token)}\n`).join(''))
}

function publicPart({ id, spiffeId, dnsNames, ipAddresses, createdAtMillis, expiresAtMillis }: TokenRecord): object {
  return { id, spiffeId, dnsNames, ipAddresses, createdAt: iso(createdAtMillis), expiresAt: expiresAtMillis === undefined ? undefined : iso(expiresAtMillis) }
}

function lifeOf({ createdAtMillis, expiresAtMillis }: TokenRecord): string {
  return `since ${iso(createdAtMillis)}${expiresAtMillis === undefined ? '' : `, until ${iso(expiresAtMillis)}`}`
}

export async function runTokenRevoke(id: string, flags: TokenFlags): Promise<void> {
  const { nowMillis, by } = occasion()
  const folder = caFolder(flags.dir)
  const { spiffeId } = await revokeToken(pathOf(flags), withFileLock, id)
  await folder.audit.append({ event: 'token-revoked', by, spiffeId, tokenId: id }, nowMillis)
  say(`token ${id} of ${spiffeId} is revoked; certificates that it got live until they expire`)
}
