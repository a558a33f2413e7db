import type { IncomingMessage } from 'node:http'
import compress from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import fastify from 'fastify'
import { API_PREFIX } from '../model/api.ts'
import { isLoopbackAddress } from '../net/address.ts'
import { addCatalogRoutes } from './catalog-routes.ts'
import { addCompareRoutes } from './compare-routes.ts'
import { addExportRoutes } from './export-routes.ts'
import { addFilterRoutes } from './filter-routes.ts'
import type { GuardOptions } from './guard.ts'
import { COOKIE, addGuard, isToken } from './guard.ts'
import type { Hub } from './hub.ts'
import { addLiveRoutes } from './live-routes.ts'
import { addMessageRoutes } from './message-routes.ts'
import { openApiDocument } from './openapi.ts'
import { addOverviewRoutes } from './overview-routes.ts'
import { ApiProblem, addProblems, notFound } from './problem.ts'
import { addReplayRoutes } from './replay-routes.ts'
import { addViewer } from './viewer-files.ts'

/** A replayed body with everything around it. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

export interface ServerOptions extends GuardOptions {
  /** Key and chain in PEM, to speak TLS. */
  readonly tls?: { readonly key: string, readonly cert: string }
  /** Folder of the built viewer; undefined where it is not built. */
  readonly viewer: string | undefined
  readonly onBug: (error: unknown) => void
  /** Looks at every request before anything else does; throws ApiProblem. */
  readonly admit?: (request: IncomingMessage) => void
}

/** The HTTP side of a hub. The caller listens, and closes. */
export async function buildServer(hub: Hub, options: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true },
    ...(options.tls && { https: options.tls }),
  }) as unknown as FastifyInstance
  addProblems(app, options.onBug)
  const { admit } = options
  // Before any route: what is registered later does not hold for those that are there.
  if (admit !== undefined) app.addHook('onRequest', async ({ raw }) => admit(raw))
  addGuard(app, options)
  await app.register(async (api) => {
    addCompression(api)
    addSession(api, options)
    api.get('/openapi.json', async () => openApiDocument())
    api.get('/capture', async () => hub.capture())
    api.get('/health', async () => hub.health())
    addMessageRoutes(api, hub)
    addFilterRoutes(api, hub)
    addLiveRoutes(api, hub)
    addOverviewRoutes(api, hub)
    addExportRoutes(api, hub)
    addCatalogRoutes(api, hub)
    addCompareRoutes(api, hub)
    addReplayRoutes(api, hub)
    api.setNotFoundHandler(() => { throw notFound('there is no such call', `${API_PREFIX}/openapi.json has them all`) })
  }, { prefix: API_PREFIX })
  await addViewer(app, options.viewer)
  return app
}

/** An EventSource sends no headers of its own, so that a token becomes a cookie. */
function addSession(api: FastifyInstance, { token, tls }: ServerOptions): void {
  api.post<{ Body: { token?: unknown } | null }>('/session', async ({ body }, reply) => {
    if (token === undefined) return { needed: false }
    if (typeof body?.token !== 'string' || !isToken(body.token, token)) throw new ApiProblem(401, 'forbidden', 'this is not the token', 'it is in the address that mtlscope printed')
    void reply.header('set-cookie', `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict${tls === undefined ? '' : '; Secure'}`)
    return { needed: true }
  })
}

const MIN_COMPRESSED = 16 * 1024

/** Only where the way is long: on a loopback compressing costs more than it saves. */
function addCompression(api: FastifyInstance): void {
  api.addHook('onSend', async (request, reply, payload) => {
    if (typeof payload !== 'string' || payload.length < MIN_COMPRESSED || isLoopbackAddress(request.ip) || !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) return payload
    void reply.header('content-encoding', 'gzip').removeHeader('content-length')
    return compress.gzipSync(payload, { level: 1 })
  })
}
