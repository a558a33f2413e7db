/** What a JSON Web Token (RFC 7519) says of itself; nothing of it is verified. */
export interface TokenClaims {
  readonly subject: string | undefined
  readonly audiences: readonly string[]
  readonly expiresAtMillis: number | undefined
}

/** Tokens of service accounts have some 1 KiB. */
const MAX_TOKEN_BYTES = 8 * 1024
const TOKEN = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/

/** Undefined for anything else, and for one that is larger than MAX_TOKEN_BYTES. */
export function parseTokenClaims(token: string): TokenClaims | undefined {
  const payload = token.length > MAX_TOKEN_BYTES ? undefined : TOKEN.exec(token)?.[1]
  const claims = payload === undefined ? undefined : parseObject(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims === undefined) return undefined
  const { sub, aud, exp } = claims
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one): one is string => typeof one === 'string')
  return { subject: typeof sub === 'string' ? sub : undefined, audiences, expiresAtMillis: typeof exp === 'number' ? exp * 1000 : undefined }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
