import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { ApiServer } from '../authority/api-server.fixture.ts'
import { openApiServer } from '../authority/api-server.fixture.ts'
import { readInstalledOptions } from './installed.ts'
import { install } from './install.ts'
import type { InstallOptions } from './install-options.ts'
import { PARTS } from './install-options.ts'
import { uninstall } from './uninstall.ts'

const OPTIONS: InstallOptions = {
  namespace: 'm', image: 'i:1', pullPolicy: undefined, pullSecrets: [], trustDomain: 'example.org', keep: '1GiB,24h', parts: PARTS, namespaceOnly: false, networkPolicy: false, nodeRules: false, disruptionBudget: true, managedBy: 'mtlscope',
}
const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

interface Asked { spec: { resourceAttributes: { verb: string, resource: string } } }

/** An API server of that version on which nothing is, whose user may do what `may` says. */
async function server(t: TestContext, may: (verb: string, resource: string) => boolean = () => true, minor = '34'): Promise<ApiServer> {
  const api = await openApiServer(t)
  api.route = (method, path, body) => {
    if (path === '/version') return { status: 200, body: { major: '1', minor, gitVersion: `v1.${minor}.1` } }
    if (path === REVIEWS) {
      const { verb, resource } = (body as Asked).spec.resourceAttributes
      return { status: 201, body: { status: { allowed: may(verb, resource) } } }
    }
    if (method === 'GET' && /\/(?:[a-z]+s)$/.test(path)) return { status: 200, body: { items: [] } }
    return method === 'GET' ? { status: 404, body: {} } : undefined
  }
  return api
}

async function run(api: ApiServer, changes: Partial<InstallOptions> = {}, prune = false): Promise<void> {
  await install(api.client, { ...OPTIONS, ...changes }, { wait: false, timeoutMs: 1000, keepFailed: false, prune, signal: new AbortController().signal, say: () => {} })
}

/** What was asked beside questions, dry runs among it. */
function changes(api: ApiServer): string[] {
  return api.asked.filter((line) => !line.startsWith('GET ') && !line.endsWith(REVIEWS))
}

test('an API server that is too old is told its version, and asked nothing else', async (t) => {
  const api = await server(t, () => true, '20')
  await assert.rejects(run(api), { code: 'not-supported', message: 'the API server is Kubernetes v1.20.1; mtlscope needs 1.22, and for injection 1.29' })
  assert.deepEqual(api.asked, ['GET /version'])
})

test('a secret that the image would be pulled with has to be there: told with how to make it, and nothing is changed', async (t) => {
  const api = await server(t)
  await assert.rejects(run(api, { pullSecrets: ['registry'] }), (error: Error & { hint?: string }) => {
    assert.equal(error.message, 'there is no secret registry in namespace m to pull the image with; nothing was changed')
    assert.match(error.hint!, /kubectl create secret docker-registry registry -n m /)
    return true
  })
  assert.deepEqual(changes(api), [])
})

test('an upgrade whose user may not look for what an older version had is refused before anything is changed', async (t) => {
  const api = await server(t, (verb, resource) => verb !== 'list' || resource !== 'configmaps')
  await assert.rejects(run(api, {}, true), { code: 'kube-refused', message: 'install needs rights that the user has not: list configmaps in namespace m' })
  assert.deepEqual(changes(api), [])
})

test('what an upgrade takes over is what was named, and not what the API server filled in', async (t) => {
  const api = await server(t)
  const listed = api.route
  const workload = (fieldsOfOurs: object): object => ({
    metadata: { name: 'mtlscope-ca', namespace: 'm', labels: { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'ca' }, managedFields: [
      { manager: 'mtlscope', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"ca"}': fieldsOfOurs } } } } } },
      { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:imagePullPolicy': {} } },
    ] },
    spec: { template: { spec: { imagePullSecrets: [{ name: 'registry' }], containers: [{ name: 'ca', image: 'i:1', imagePullPolicy: 'IfNotPresent', args: ['ca', 'serve', '--trust-domain', 'example.org'] }] } } },
  })
  let named: object = {}
  api.route = (method, path, body) => path === '/apis/apps/v1/namespaces/m/deployments' ? { status: 200, body: { items: [workload(named)] } } : listed(method, path, body)
  const { parts, image, pullPolicy, pullSecrets, trustDomain } = await readInstalledOptions(api.client, 'm')
  assert.deepEqual({ parts, image, pullPolicy, pullSecrets, trustDomain }, { parts: ['ca'], image: 'i:1', pullPolicy: undefined, pullSecrets: ['registry'], trustDomain: 'example.org' })
  named = { 'f:image': {}, 'f:imagePullPolicy': {} }
  assert.equal((await readInstalledOptions(api.client, 'm')).pullPolicy, 'IfNotPresent')
})

test('an uninstall without the right to delete all of it deletes nothing', async (t) => {
  const api = await server(t, (verb, resource) => verb !== 'delete' || resource !== 'secrets')
  const listed = api.route
  const labels = { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'ca', 'app.kubernetes.io/managed-by': 'mtlscope' }
  const items: Record<string, object[]> = {
    '/apis/apps/v1/namespaces/m/deployments': [{ metadata: { name: 'mtlscope-ca', namespace: 'm', labels } }],
    '/api/v1/namespaces/m/secrets': [{ metadata: { name: 'mtlscope-ca-state', namespace: 'm', labels } }],
  }
  api.route = (method, path, body) => items[path] !== undefined && method === 'GET' ? { status: 200, body: { items: items[path] } } : listed(method, path, body)
  const removal = uninstall(api.client, { namespace: 'm', keepData: false, image: undefined, pullSecrets: [], namespaceOnly: false, force: false, wait: false, say: () => {} })
  await assert.rejects(removal, { code: 'kube-refused', message: 'uninstall needs rights that the user has not: delete secrets in namespace m' })
  assert.deepEqual(changes(api), [])
})
