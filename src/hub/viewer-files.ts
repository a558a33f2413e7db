import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import staticFiles from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { notFound } from './problem.ts'

/** Beside the published program, and in a checkout. */
const PLACES = ['../ui/', '../../dist/ui/']
const YEAR_SECONDS = 31_536_000

/** The folder of the built viewer; undefined where it was not built. */
export function viewerFolder(): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((folder) => existsSync(`${folder}index.html`))
}

const MISSING = `<!doctype html><meta charset="utf-8"><title>mtlscope</title><p>The viewer is not built in this checkout: <code>npm run build</code> makes it. The API is under <a href="/api/v1/capture">/api/v1</a>.`

/** The files of the viewer. Its state is in the query, so that `/` is its only page. */
export async function addViewer(app: FastifyInstance, folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    app.get('/', async (_request, reply) => reply.type('text/html; charset=utf-8').send(MISSING))
  } else {
    await app.register(staticFiles, {
      root: folder, preCompressed: true, index: ['index.html'], dotfiles: 'deny', cacheControl: false,
      // Names of assets hold a hash of what is in them.
      setHeaders: (reply, path) => { reply.header('cache-control', path.includes('/assets/') ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache') },
    })
  }
  app.setNotFoundHandler(() => { throw notFound('there is no such page') })
}
