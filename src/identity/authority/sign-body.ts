import { parseObject } from './state.ts'

/** Bytes of a body of /v1/sign: the largest request as PEM, escaped, has less. */
export const MAX_BODY_BYTES = 16 * 1024

export interface SignBody {
  /** PEM. */
  readonly csr: string
  readonly ttlMillis?: number
}

/** `{"csr": "-----BEGIN CERTIFICATE REQUEST-----…", "ttlSeconds": 3600}`, or what is wrong with it. */
export function parseSignBody(text: string): SignBody | string {
  const value = parseObject(text)
  if (value === undefined) return 'the body is not a JSON object'
  const { csr, ttlSeconds, ...rest } = value as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `the body has an unknown key: ${unknown.slice(0, 40)}`
  if (typeof csr !== 'string') return 'the body has no csr'
  if (ttlSeconds === undefined) return { csr }
  if (typeof ttlSeconds !== 'number' || !Number.isInteger(ttlSeconds) || ttlSeconds < 1) return 'ttlSeconds is no whole number from 1'
  return { csr, ttlMillis: ttlSeconds * 1000 }
}
