import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { KubeClient } from './client.ts'
import { parseKubeconfig } from './kubeconfig.ts'

async function clientOf(t: TestContext, answer: RequestListener): Promise<KubeClient> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new KubeClient(parseKubeconfig(JSON.stringify({
    'current-context': 'x', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}/base` } }],
    users: [{ name: 'u', user: { token: 'secret' } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  }), 'config'))
  t.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return client
}

test('a question goes below the server\'s path, with the token', async (t) => {
  const client = await clientOf(t, (request, response) => response.end(JSON.stringify({ url: request.url, authorization: request.headers.authorization })))
  assert.deepEqual(await client.get('/api/v1/pods?resourceVersion=0'), { url: '/base/api/v1/pods?resourceVersion=0', authorization: 'Bearer secret' })
})

test('what was refused says which right is missing', async (t) => {
  const client = await clientOf(t, (_, response) => response.writeHead(403).end(JSON.stringify({ kind: 'Status', message: 'pods is forbidden:\nUser "x" cannot list resource "pods"' })))
  await assert.rejects(client.get('/api/v1/pods'), { code: 'kube-refused', message: 'the API server refused: pods is forbidden: User "x" cannot list resource "pods"' })
})

test('an expired token, an error and a page of something else are told apart', async (t) => {
  const statuses = [401, 500, 200]
  const client = await clientOf(t, (_, response) => response.writeHead(statuses.shift()!).end('<html>'))
  await assert.rejects(client.get('/'), { code: 'kube-refused', message: 'the API server of x does not know who asks' })
  await assert.rejects(client.get('/'), { code: 'kube-failed', message: 'the API server answered 500' })
  await assert.rejects(client.get('/'), { code: 'kube-failed', message: 'the API server of x does not answer in JSON' })
})

test('a connection that breaks off is one that cannot be reached', async (t) => {
  const client = await clientOf(t, (request, response) => {
    if (request.url?.endsWith('/half') === true) response.writeHead(200, { 'content-length': 100 }).write('{')
    setImmediate(() => request.socket.destroy())
  })
  await assert.rejects(client.get('/none'), { code: 'kube-unreachable' })
  await assert.rejects(client.get('/half'), { code: 'kube-unreachable' })
})
