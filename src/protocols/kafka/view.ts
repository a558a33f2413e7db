import type { Settings } from '../protocol.ts'
import { apiName } from './apis.ts'
import type { Body } from './body.ts'
import { clientIdOf, startOf } from './fields.ts'
import type { Half } from './half.ts'
import { SASL_TOKEN } from './half.ts'

/** What JSON shows of the request. */
export function requestView(half: Half, body: Body, settings: Settings): object {
  const { key, version, correlationId, sizeBytes, lostBytes } = half
  if (key === SASL_TOKEN) return { api: 'SaslToken', sizeBytes, lostBytes: lostBytes || undefined, fields: body.values }
  return {
    api: apiName(key), apiKey: key, version, correlationId, clientId: clientIdOf(half), sizeBytes, lostBytes: lostBytes || undefined,
    fields: body.values, base64: rawOf(half, body, settings),
  }
}

/** What JSON shows of the answer. */
export function answerView(half: Half, body: Body, settings: Settings): object {
  const { key, correlationId, sizeBytes, lostBytes } = half
  return {
    correlationId: key === SASL_TOKEN ? undefined : correlationId, sizeBytes, lostBytes: lostBytes || undefined,
    fields: body.values, base64: rawOf(half, body, settings),
  }
}

/** Header and all, where the fields are not known. */
function rawOf(half: Half, body: Body, { bodyLimitBytes }: Settings): string | undefined {
  return body.values === undefined && bodyLimitBytes > 0 ? startOf(half.bytes, bodyLimitBytes) : undefined
}
