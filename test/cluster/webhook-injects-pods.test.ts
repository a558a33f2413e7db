import assert from 'node:assert/strict'
import test from 'node:test'
import type { Sample } from '../../src/base/metrics.fixture.ts'
import { parseMetrics, valueOf } from '../../src/base/metrics.fixture.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { deployment, PLANE, auditOf, service, useMeshNamespace, useSecurePlane } from './secure-plane.ts'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'webhook-shop'
const ELSEWHERE = 'webhook-elsewhere'
const CALLER = 'while :; do busybox timeout 5 busybox wget -qO- http://hello:8080/; busybox sleep 1; done'
const identityOf = (account: string, namespace = NAMESPACE): string => `spiffe://cluster.local/ns/${namespace}/sa/${account}`

test('pods of a labelled namespace are in the mesh, with identities that the API server vouches for', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useSecurePlane(t, cluster)
  await useMeshNamespace(t, cluster, NAMESPACE)
  await useMeshNamespace(t, cluster, ELSEWHERE, false)
  const inMesh = { namespace: NAMESPACE }
  const list = (items: readonly object[]): object => ({ apiVersion: 'v1', kind: 'List', items })
  const sidecarLog = (name: string): Promise<string> => cluster.kubectl('logs', `deploy/${name}`, '-n', NAMESPACE, '-c', 'mtlscope-sidecar', '--tail=-1')

  await t.test('two services talk by mutual TLS, each as its own account', async () => {
    await cluster.apply(t, list([
      ...deployment('hello', NAMESPACE, HTTP_SERVER, { annotations: { 'mtlscope.io/allow': identityOf('caller'), 'mtlscope.io/probes': 'permissive' } }, { readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }),
      service('hello', NAMESPACE), ...deployment('caller', NAMESPACE, CALLER),
    ]))
    // Its probe is let in as its annotation says, or it would not be.
    await cluster.untilDeployed('hello', NAMESPACE)
    await cluster.untilDeployed('caller', NAMESPACE)
    await cluster.until('the call is answered', async () => (await cluster.kubectl('logs', 'deploy/caller', '-n', NAMESPACE, '-c', 'app')).includes('hello'))
    await cluster.until('the sidecar tells of both', async () => (await sidecarLog('hello')).split('\n').some((line) => {
      return line.includes('"security":"mtls"') && line.includes(`"clientIdentity":"${identityOf('caller')}"`) && line.includes(`"serverIdentity":"${identityOf('hello')}"`)
    }))
    const issued = (await auditOf(cluster)).filter(({ event }) => event === 'issued')
    for (const account of ['hello', 'caller']) assert.ok(issued.some(({ spiffeId, tokenId }) => spiffeId === identityOf(account) && tokenId?.startsWith(`${NAMESPACE}/${account}-`)), account)
  })

  await t.test('a Job ends, sidecar and all', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'caller', ...inMesh } }
    const { spec } = busyboxPod('once', 'busybox timeout 20 busybox wget -qO- http://hello:8080/') as { spec: object }
    await cluster.apply(t, list([account, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', ...inMesh }, spec: { backoffLimit: 0, template: { spec: { ...spec, serviceAccountName: 'caller', restartPolicy: 'Never' } } } }]))
    await cluster.until('the Job is complete', async () => (await cluster.kubectl('get', 'job', 'once', '-n', NAMESPACE, '-o', 'jsonpath={.status.succeeded}')) === '1')
    assert.match(await cluster.kubectl('logs', 'job/once', '-n', NAMESPACE, '-c', 'app'), /hello/)
  })

  await t.test('a pod with a bad annotation is refused, with the place', async () => {
    const bad = busyboxPod('bad', HTTP_SERVER, { ...inMesh, annotations: { 'mtlscope.io/ports': '8080=mtls, 9090=open' } })
    const { code, stderr } = await cluster.kubectlInput(JSON.stringify(bad), 'apply', '-f', '-')
    assert.notEqual(code, 0)
    assert.match(stderr, /annotation mtlscope\.io\/ports has 9090=open \(entry 2, at character 12\)/)
  })

  await t.test('a pod on the network of its node is left alone, with a warning and an event that say why', async () => {
    const host = busyboxPod('host', 'exec busybox sleep 1000', inMesh) as { spec: object }
    const { code, stderr } = await cluster.kubectlInput(JSON.stringify({ ...host, spec: { ...host.spec, hostNetwork: true } }), 'apply', '-f', '-')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /Warning: mtlscope: no sidecar: it is on the network of its node/)
    await cluster.until('the event', async () => /MtlscopeNotInjected.*pod host gets no sidecar: it is on the network/.test(await cluster.kubectl('get', 'events', '-n', NAMESPACE)))
    assert.equal(await cluster.kubectl('get', 'pod', 'host', '-n', NAMESPACE, '-o', 'jsonpath={.spec.initContainers}'), '')
    await cluster.kubectl('delete', 'pod', 'host', '-n', NAMESPACE, '--grace-period=1', '--wait=false')
  })

  await t.test('a pod whose injection was prevented cannot talk in the clear into the mesh', async () => {
    await cluster.apply(t, busyboxPod('bare', 'exec busybox sleep 1000', { ...inMesh, labels: { app: 'bare', 'mtlscope.io/inject': 'disabled' } }))
    await cluster.untilPodRuns('bare', NAMESPACE)
    assert.equal(await cluster.kubectl('get', 'pod', 'bare', '-n', NAMESPACE, '-o', 'jsonpath={.spec.initContainers}'), '')
    // The port of the probe is open by its annotation; that of nobody is not.
    await cluster.apply(t, list([...deployment('closed', NAMESPACE, HTTP_SERVER), service('closed', NAMESPACE)]))
    await cluster.untilDeployed('closed', NAMESPACE)
    const { code, stdout } = await cluster.kubectlInput('', 'exec', 'bare', '-n', NAMESPACE, '--', 'busybox', 'timeout', '10', 'busybox', 'wget', '-qO-', 'http://closed:8080/')
    assert.notEqual(code, 0)
    assert.equal(stdout, '')
  })

  await t.test('a pod that is labelled in a namespace that is not is injected, others there are not', async () => {
    await cluster.apply(t, list([
      busyboxPod('chosen', HTTP_SERVER, { namespace: ELSEWHERE, labels: { app: 'chosen', 'mtlscope.io/inject': 'enabled' } }), busyboxPod('other', HTTP_SERVER, { namespace: ELSEWHERE }),
    ]))
    await cluster.untilPodRuns('chosen', ELSEWHERE)
    await cluster.untilPodRuns('other', ELSEWHERE)
    assert.match(await cluster.kubectl('get', 'pod', 'chosen', '-n', ELSEWHERE, '-o', 'jsonpath={.spec.initContainers[*].name}'), /mtlscope-sidecar/)
    assert.equal(await cluster.kubectl('get', 'pod', 'other', '-n', ELSEWHERE, '-o', 'jsonpath={.spec.initContainers[*].name}'), '')
  })

  await t.test('metrics of the CA and of the injectors, over TLS that the published bundle verifies, say what was done', async () => {
    const bundle = await cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', PLANE, '-o', 'jsonpath={.data.mesh-ca\\.pem}')
    const metrics = async (part: string, port: number, address: string): Promise<Sample[]> => {
      const name = `mtlscope-${part}.${PLANE}.svc`
      // The bundle as an argument, since the node's files are its own.
      const script = 'printf %s "$0" > /run/bundle.pem; exec curl -sS --fail --max-time 20 --cacert /run/bundle.pem "$@"'
      return parseMetrics(await cluster.inside('sh', '-c', script, bundle, '--resolve', `${name}:${port}:${address}`, `https://${name}:${port}/metrics`))
    }
    const ca = await metrics('ca', 8443, await cluster.kubectl('get', 'service', 'mtlscope-ca', '-n', PLANE, '-o', 'jsonpath={.spec.clusterIP}'))
    assert.ok(valueOf(ca, 'mtlscope_ca_issued_total')! >= 4)
    assert.ok(valueOf(ca, 'mtlscope_ca_token_reviews_total', { outcome: 'good' })! >= 4)
    assert.ok(valueOf(ca, 'mtlscope_ca_trust_namespaces', { state: 'current' })! >= 2)
    assert.ok(valueOf(ca, 'mtlscope_ca_certificate_expiry_timestamp_seconds', { certificate: 'server' })! * 1000 > Date.now())
    const addresses = (await cluster.kubectl('get', 'pods', '-n', PLANE, '-l', 'app.kubernetes.io/component=injector', '-o', 'jsonpath={.items[*].status.podIP}')).trim().split(' ')
    const injectors = await Promise.all(addresses.map((address) => metrics('injector', 9443, address)))
    const sum = (name: string, labels?: Record<string, string>): number => injectors.reduce((all, samples) => all + valueOf(samples, name, labels)!, 0)
    const outcomes = ['injected', 'left', 'refused'].map((outcome) => sum('mtlscope_injector_reviews_total', { outcome }))
    assert.ok(outcomes.every((count) => count > 0), outcomes.join())
    assert.equal(sum('mtlscope_injector_review_duration_seconds_count'), outcomes.reduce((a, b) => a + b) + sum('mtlscope_injector_reviews_total', { outcome: 'other' }))
  })

  await t.test('the injector is replaced, and no pod is refused meanwhile', async () => {
    const tried = JSON.stringify(busyboxPod('tried', HTTP_SERVER, inMesh))
    let isDone = false
    const replaced = cluster.kubectl('rollout', 'restart', 'deployment/mtlscope-injector', '-n', PLANE)
      .then(() => cluster.untilDeployed('mtlscope-injector', PLANE))
      // The old ones are still there for some seconds.
      .then(() => cluster.until('only the new ones are left', async () => (await cluster.kubectl('get', 'pods', '-n', PLANE, '-l', 'app.kubernetes.io/component=injector', '-o', 'name')).trim().split('\n').length === 2))
      .finally(() => { isDone = true })
    try {
      while (!isDone) {
        const result: RunResult = await cluster.kubectlInput(tried, 'create', '--dry-run=server', '-o', 'jsonpath={.spec.initContainers[*].name}', '-f', '-')
        assert.equal(result.code, 0, result.stderr)
        assert.match(result.stdout, /mtlscope-sidecar/)
      }
    } finally {
      await replaced
    }
  })

  await t.test('with no injector, pods of the namespace are not started without a sidecar, and the label is the way out', async () => {
    await cluster.kubectl('scale', 'deployment', 'mtlscope-injector', '-n', PLANE, '--replicas=0')
    await cluster.until('it is gone', async () => (await cluster.kubectl('get', 'pods', '-n', PLANE, '-l', 'app.kubernetes.io/component=injector', '-o', 'name')).trim() === '')
    const refused = await cluster.kubectlInput(JSON.stringify(busyboxPod('late', HTTP_SERVER, inMesh)), 'apply', '-f', '-')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /failed calling webhook/)
    await cluster.apply(t, busyboxPod('urgent', HTTP_SERVER, { ...inMesh, labels: { app: 'urgent', 'mtlscope.io/inject': 'disabled' } }))
    await cluster.untilPodRuns('urgent', NAMESPACE)
  })
})
