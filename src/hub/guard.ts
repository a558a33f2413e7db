import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { API_PREFIX } from '../model/api.ts'
import { ApiProblem } from './problem.ts'

export const COOKIE = 'mtlscope-token'
const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

export interface GuardOptions {
  /** What every call of the API must show; undefined: nothing, for an address on a loopback. */
  readonly token?: string
  /** Further names that a browser may use for this server. */
  readonly names: readonly string[]
}

/** Nothing of a capture can run in the page, and the page loads nothing from elsewhere. */
const PAGE_POLICY = [
  'default-src \'none\'', 'script-src \'self\'', 'style-src \'self\'', 'img-src \'self\' blob: data:', 'font-src \'self\'', 'connect-src \'self\'', 'worker-src \'self\'',
  'base-uri \'none\'', 'form-action \'none\'', 'frame-ancestors \'none\'',
].join('; ')
/** What the API answers is never a page. */
const DATA_POLICY = 'default-src \'none\'; sandbox; frame-ancestors \'none\''

/**
 * Turns away whoever is not the viewer: a Host that is not ours (DNS rebinding), an Origin that is not ours (another site's page), a call without the token.
 * Sets the headers that keep captured text from being run.
 */
export function addGuard(app: FastifyInstance, options: GuardOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const isApi = request.url.startsWith(`${API_PREFIX}/`)
    void reply.headers({
      'content-security-policy': isApi ? DATA_POLICY : PAGE_POLICY,
      'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin', ...(isApi && { 'cache-control': 'no-store' }),
    })
    checkHost(request, options)
    checkOrigin(request, isApi)
    if (isApi && options.token !== undefined && request.url !== `${API_PREFIX}/session` && !hasToken(request, options.token)) {
      throw new ApiProblem(401, 'forbidden', 'a token is needed', 'open the address that mtlscope printed, with its #token=…')
    }
  })
}

/** A name that an attacker's DNS server may point at us is not ours. Addresses are: nobody else answers for them. */
function checkHost(request: FastifyRequest, { token, names }: GuardOptions): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (LOOPBACK_NAMES.has(name) || names.includes(name)) return
  if (token !== undefined && isIP(name.replace(/^\[|\]$/g, '')) !== 0) return
  throw new ApiProblem(403, 'forbidden', `the name ${name.slice(0, 100)} is not one of this server`, 'use the address that mtlscope printed')
}

function checkOrigin(request: FastifyRequest, isApi: boolean): void {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  const foreign = origin !== undefined && origin !== `${request.protocol}://${host}`
  const crossSite = isApi && (site === 'cross-site' || site === 'same-site')
  if (foreign || crossSite) throw new ApiProblem(403, 'forbidden', 'calls from the pages of other sites are not answered')
}

function hasToken(request: FastifyRequest, token: string): boolean {
  const { authorization, cookie } = request.headers
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  const own = bearer ?? (cookie ?? '').split(';').map((part) => part.trim()).find((part) => part.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
  return own !== undefined && isToken(own, token)
}

/** Takes as long for every wrong token. */
export function isToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
