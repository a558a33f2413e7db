import { fields, text } from '../fields.ts'
import type { Fields } from '../fields.ts'

/** What of an AdmissionRequest (admission.k8s.io/v1) matters here. */
export interface AdmissionRequest {
  readonly uid: string
  readonly kind: string
  readonly operation: string
  /** Of the object that is to be made; '' where it is in none. */
  readonly namespace: string
  readonly isDryRun: boolean
  readonly object: Fields
}

/** The answer to one request, before it is JSON. */
export interface AdmissionAnswer {
  readonly allowed: boolean
  /** Of a refusal. */
  readonly message?: string
  /** JSON Patch (RFC 6902). */
  readonly patch?: readonly object[]
  readonly warnings?: readonly string[]
}

const API_VERSION = 'admission.k8s.io/v1'
/** Objects of Kubernetes are some 15 deep; a parser must not be led further. */
const MAX_DEPTH = 100
const MAX_UID = 256
/** The API server cuts warnings that are longer, and drops those with other characters. */
const MAX_WARNING = 256
const MAX_WARNINGS = 10
const INVALID = 422

/** The request of an AdmissionReview; a text says what it is instead, as the end of a sentence. Never throws. */
export function parseAdmissionReview(body: Buffer): AdmissionRequest | string {
  if (isDeeperThan(body, MAX_DEPTH)) return `nested deeper than ${MAX_DEPTH}`
  const review = parseJson(body.toString('utf8'))
  if (review === undefined) return 'not a JSON object'
  if (review.kind !== 'AdmissionReview') return 'not an AdmissionReview'
  if (review.apiVersion !== API_VERSION) return `of version ${text(review.apiVersion)?.slice(0, 60) ?? 'none'}, ${API_VERSION} is wanted`
  const request = fields(review.request)
  const uid = text(request.uid)
  if (uid === undefined || uid.length > MAX_UID) return 'without the uid of a request'
  return {
    uid, kind: text(fields(request.kind).kind) ?? '', operation: text(request.operation) ?? '', namespace: text(request.namespace) ?? '',
    isDryRun: request.dryRun === true, object: fields(request.object),
  }
}

/** The AdmissionReview that answers the request with that uid. */
export function formatAdmissionReview(uid: string, { allowed, message, patch, warnings }: AdmissionAnswer): string {
  const response = {
    uid, allowed,
    ...message !== undefined && { status: { status: 'Failure', reason: 'Invalid', code: INVALID, message } },
    ...patch !== undefined && { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') },
    ...warnings !== undefined && warnings.length > 0 && { warnings: warnings.slice(0, MAX_WARNINGS).map(asWarning) },
  }
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'AdmissionReview', response })
}

function asWarning(warning: string): string {
  return warning.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_WARNING)
}

function parseJson(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : undefined
  } catch {
    return undefined
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/** Looks at brackets outside strings: what is parsed afterwards cannot be deeper. */
export function isDeeperThan(json: Uint8Array, maxDepth: number): boolean {
  let depth = 0
  let isString = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (isString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) isString = false
    } else if (byte === QUOTE) isString = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxDepth) return true
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return false
}
