import type { ServiceAccount } from '../../identity/service-account.ts'
import { parseServiceAccount } from '../../identity/service-account.ts'
import { fields, text } from '../fields.ts'

/** Whom a token was made for, as the API server says. */
export interface Reviewed {
  readonly account: ServiceAccount
  /** `NAMESPACE/POD`, where the token is bound to one. */
  readonly pod: string | undefined
}

/**
 * The status of a TokenReview (authentication.k8s.io/v1); a text says why the token is nobody's, as the end of a sentence. An API server that knows no
 * audiences answers without any, and its yes counts for nothing.
 */
export function parseReview(answer: unknown, audience: string): Reviewed | string {
  const status = fields(fields(answer).status)
  if (status.authenticated !== true) return 'the API server does not know the token, or it has expired, or is for another audience'
  if (!Array.isArray(status.audiences) || !status.audiences.includes(audience)) return `the token is not for the audience ${audience}`
  const user = fields(status.user)
  const account = parseServiceAccount(text(user.username) ?? '')
  if (account === undefined) return 'the token is not that of a service account'
  const pods = fields(user.extra)['authentication.kubernetes.io/pod-name']
  const pod = Array.isArray(pods) ? text(pods[0]) : undefined
  return { account, pod: pod === undefined ? undefined : `${account.namespace}/${pod}` }
}
