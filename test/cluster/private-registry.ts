// A registry (OCI distribution) with one image, for one user only: node private-registry.ts ARCHIVE USER:PASSWORD. Says its port, then each request and its answer.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'

interface Blob { readonly file: string, readonly digest: string, readonly size: number }

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const [archive = '', user = ''] = process.argv.slice(2)
const folder = mkdtempSync(join(archive, '..', 'registry-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))

execFileSync('tar', ['-x', '-f', archive, '-C', folder])
const [image] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { Config: string, Layers: string[] }[]
const described = ({ digest, size }: Blob, mediaType: string): object => ({ mediaType, digest, size })
const config = blobOf(image!.Config)
const layers = image!.Layers.map(blobOf)
writeFileSync(join(folder, 'distribution.json'), JSON.stringify({
  schemaVersion: 2, mediaType: MANIFEST, config: described(config, 'application/vnd.docker.container.image.v1+json'), layers: layers.map((layer) => described(layer, 'application/vnd.docker.image.rootfs.diff.tar')),
}))
const manifest = blobOf('distribution.json')
const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob]))

const server = createServer((request, response) => {
  const status = answer(request, response)
  console.log(`${request.method} ${request.url} ${status}`)
})
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))

function blobOf(name: string): Blob {
  const file = join(folder, name)
  return { file, digest: `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`, size: statSync(file).size }
}

function answer(request: IncomingMessage, response: ServerResponse): number {
  if (request.headers.authorization !== `Basic ${Buffer.from(user).toString('base64')}`) return end(response, 401, { 'www-authenticate': 'Basic realm="private"' })
  const [, kind, name] = /^\/v2\/.*\/(manifests|blobs)\/([^/?]+)/.exec(request.url ?? '') ?? []
  const blob = kind === 'manifests' ? manifest : blobs.get(name ?? '')
  if (request.url?.startsWith('/v2/') !== true || (kind !== undefined && blob === undefined)) return end(response, 404)
  if (blob === undefined) return end(response, 200)
  response.writeHead(200, { 'content-type': kind === 'manifests' ? MANIFEST : 'application/octet-stream', 'content-length': blob.size, 'docker-content-digest': blob.digest })
  if (request.method === 'HEAD') response.end()
  else pipeline(createReadStream(blob.file), response, () => {})
  return 200
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): number {
  response.writeHead(status, headers).end()
  return status
}
