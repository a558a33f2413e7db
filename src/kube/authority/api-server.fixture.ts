import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { KubeClient } from '../client.ts'
import { parseKubeconfig } from '../kubeconfig.ts'

interface StoredObject { metadata: { resourceVersion?: string, [key: string]: unknown }, [key: string]: unknown }
/** Answers a request itself, before what is stored is looked at; undefined leaves it to that. */
type Route = (method: string, path: string, body: unknown) => { status: number, body: object } | undefined

/** A real HTTP server that keeps objects as an API server does, with versions and conflicts, for clients to be tried on. */
export interface ApiServer {
  readonly client: KubeClient
  readonly objects: Map<string, StoredObject>
  /** `METHOD path`, in order. */
  readonly asked: string[]
  route: Route
  /** Sends an event to whoever watches that path. */
  emit(path: string, event: object): void
}

export async function openApiServer(t: TestContext): Promise<ApiServer> {
  const store = new ObjectStore()
  const asked: string[] = []
  const watchers = new Map<string, ServerResponse>()
  const server = createServer((request, response) => void readBody(request).then((text) => {
    const [path, query = ''] = (request.url ?? '').split('?') as [string, string?]
    const method = request.method ?? ''
    asked.push(`${method} ${path}`)
    if (query.includes('watch=1')) {
      response.writeHead(200).flushHeaders()
      watchers.set(path, response)
      return
    }
    const body = JSON.parse(text === '' ? '{"metadata":{}}' : text) as StoredObject
    const answer = api.route(method, path, body) ?? store.answer(method, path, body)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = clientOf((server.address() as AddressInfo).port)
  t.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  const api: ApiServer = {
    client, objects: store.objects, asked, route: () => undefined,
    emit: (path, event) => { watchers.get(path)?.write(`${JSON.stringify(event)}\n`) },
  }
  return api
}

class ObjectStore {
  readonly objects = new Map<string, StoredObject>()
  #version = 100

  answer(method: string, path: string, body: StoredObject): { status: number, body: object } {
    const present = this.objects.get(path)
    if (method === 'GET') return present === undefined ? status(404) : { status: 200, body: present }
    if (method === 'POST') {
      const place = `${path}/${String(body.metadata.name)}`
      return this.objects.has(place) ? status(409) : { status: 201, body: this.#put(place, body) }
    }
    if (method === 'PUT' && present?.metadata.resourceVersion !== body.metadata.resourceVersion) return status(present === undefined ? 404 : 409)
    return { status: 200, body: this.#put(path, body) }
  }

  #put(path: string, object: StoredObject): StoredObject {
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
    this.objects.set(path, stored)
    return stored
  }
}

function status(code: number): { status: number, body: object } {
  return { status: code, body: { kind: 'Status', code, message: `status ${code}` } }
}

function clientOf(port: number): KubeClient {
  return new KubeClient(parseKubeconfig(JSON.stringify({
    'current-context': 'x', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token: 'secret' } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  }), 'config'))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
