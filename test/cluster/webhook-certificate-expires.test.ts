import assert from 'node:assert/strict'
import test from 'node:test'
import { parseMetrics, valueOf } from '../../src/base/metrics.fixture.ts'
import { PLANE, useMeshNamespace, useSecurePlane } from './secure-plane.ts'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'expired-shop'
const NAME = `mtlscope-injector.${PLANE}.svc`
/** The shortest that the CA gives. */
const TTL = '60s'

test('an injector whose certificate has expired is not ready, says why, and starts no pod without a sidecar; once the CA is back it goes on by itself', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useSecurePlane(t, cluster)
  await useMeshNamespace(t, cluster, NAMESPACE)
  const patch = (deployment: string, ...operations: object[]): Promise<string> => cluster.kubectl('patch', 'deployment', deployment, '-n', PLANE, '--type=json', '-p', JSON.stringify(operations))
  await patch('mtlscope-ca', { op: 'add', path: '/spec/template/spec/containers/0/args/-', value: '--ttl' }, { op: 'add', path: '/spec/template/spec/containers/0/args/-', value: TTL })
  await cluster.untilDeployed('mtlscope-ca', PLANE)
  // One of them, so that what is read is of the one that is asked.
  await patch('mtlscope-injector', { op: 'replace', path: '/spec/replicas', value: 1 }, { op: 'add', path: '/spec/template/metadata/annotations/short', value: 'yes' })
  await cluster.untilDeployed('mtlscope-injector', PLANE)
  const tried = JSON.stringify(busyboxPod('tried', HTTP_SERVER, { namespace: NAMESPACE }))
  const create = () => cluster.kubectlInput(tried, 'create', '--dry-run=server', '-o', 'jsonpath={.spec.initContainers[*].name}', '-f', '-')
  const readyInjectors = async (): Promise<string> => await cluster.kubectl('get', 'deployment', 'mtlscope-injector', '-n', PLANE, '-o', 'jsonpath={.status.readyReplicas}')
  await cluster.until('a pod is injected', async () => (await create()).stdout.includes('mtlscope-sidecar'))

  await cluster.kubectl('scale', 'deployment', 'mtlscope-ca', '-n', PLANE, '--replicas=0')
  await cluster.until('the injector is not ready', async () => ['', '0'].includes(await readyInjectors()))
  const injector = (await cluster.kubectl('get', 'pods', '-n', PLANE, '-l', 'app.kubernetes.io/component=injector', '--field-selector', 'status.phase=Running', '-o', 'jsonpath={.items[0].status.podIP}')).trim()
  assert.match(await cluster.inside('curl', '-sk', '--max-time', '20', `https://${injector}:9443/readyz`), /^its certificate expired at 20\S+Z, and the CA has given no other$/m)
  const samples = parseMetrics(await cluster.inside('curl', '-sk', '--max-time', '20', `https://${injector}:9443/metrics`))
  assert.equal(valueOf(samples, 'mtlscope_injector_ready'), 0)
  assert.ok(valueOf(samples, 'mtlscope_injector_certificate_expiry_timestamp_seconds')! * 1000 <= Date.now())
  assert.match(await cluster.kubectl('logs', 'deploy/mtlscope-injector', '-n', PLANE), /no new certificate: .*mtlscope-ca/)
  const bundle = await cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', PLANE, '-o', 'jsonpath={.data.mesh-ca\\.pem}')
  const believed = await cluster.insideAnyway('sh', '-c', 'printf %s "$0" > /run/bundle.pem; exec curl -sS --max-time 20 --cacert /run/bundle.pem "$@"', bundle, '--resolve', `${NAME}:9443:${injector}`, `https://${NAME}:9443/healthz`)
  assert.match(believed.output, /certificate has expired/)
  // A connection that the API server has open already goes on; with a new one nobody is believed.
  const late = await create()
  assert.match(late.code === 0 ? late.stdout : late.stderr, late.code === 0 ? /mtlscope-sidecar/ : /failed calling webhook "namespace\.injector\.mtlscope\.io"/)

  await cluster.kubectl('scale', 'deployment', 'mtlscope-ca', '-n', PLANE, '--replicas=1')
  await cluster.until('the injector is ready again', async () => await readyInjectors() === '1')
  await cluster.until('a pod is injected again', async () => (await create()).stdout.includes('mtlscope-sidecar'))
})
