import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestCluster } from './test-cluster.ts'
import { CA_STATE, PLANE, auditOf, useSecurePlane } from './secure-plane.ts'
import { useCluster } from './test-cluster.ts'

async function bundle(cluster: TestCluster): Promise<string> {
  return await cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', PLANE, '-o', 'jsonpath={.data.mesh-ca\\.pem}')
}

/** Status that the CA answers a token with; a request that it lets in has nothing to sign, which is 400. */
async function answerTo(cluster: TestCluster, token: string): Promise<string> {
  const address = await cluster.kubectl('get', 'service', 'mtlscope-ca', '-n', PLANE, '-o', 'jsonpath={.spec.clusterIP}')
  return await cluster.inside('curl', '-sk', '--max-time', '20', '-o', '/dev/null', '-w', '%{http_code}', '-H', `authorization: Bearer ${token}`, '-d', '{}', `https://${address}:8443/v1/sign`)
}

test('the CA of a cluster keeps its root, and knows whose tokens are good', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useSecurePlane(t, cluster)

  await t.test('killed, moved and doubled it has the same root', async () => {
    const before = await bundle(cluster)
    assert.match(before, /BEGIN CERTIFICATE/)
    await cluster.kubectl('delete', 'pod', '-n', PLANE, '-l', 'app.kubernetes.io/component=ca', '--grace-period=0', '--force')
    await cluster.kubectl('scale', 'deployment', 'mtlscope-ca', '-n', PLANE, '--replicas=2')
    await cluster.untilDeployed('mtlscope-ca', PLANE)
    assert.equal(await bundle(cluster), before)
    const shown = await cluster.mtlscope('ca', 'show', '--kube-secret', CA_STATE, '-o', 'pem')
    assert.equal(shown.stdout, before)
    assert.ok(!(await auditOf(cluster)).some(({ event }) => event === 'ca-created'))
    await cluster.kubectl('scale', 'deployment', 'mtlscope-ca', '-n', PLANE, '--replicas=1')
    await cluster.untilDeployed('mtlscope-ca', PLANE)
  })

  await t.test('only a token for its audience, of an account of this cluster, is let in', async () => {
    const token = async (...args: string[]): Promise<string> => (await cluster.kubectl('create', 'token', 'default', '-n', 'default', ...args)).trim()
    const good = await token('--audience', 'mtlscope-ca')
    assert.equal(await answerTo(cluster, good), '400')
    assert.equal(await answerTo(cluster, await token('--audience', 'another')), '401')
    assert.equal(await answerTo(cluster, await token()), '401')
    const [head, claims, signature] = good.split('.')
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims!, 'base64url').toString()) as object, sub: 'system:serviceaccount:mtlscope:mtlscope-ca' })).toString('base64url')
    assert.equal(await answerTo(cluster, `${head}.${forged}.${signature}`), '401')
    assert.equal(await answerTo(cluster, 'mtlsca_1f00ba44_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'), '401')
  })

  await t.test('a bundle that somebody deletes or changes is put right', async () => {
    const before = await bundle(cluster)
    await cluster.kubectl('patch', 'configmap', 'mtlscope-ca', '-n', PLANE, '--type=merge', '-p', '{"data":{"mesh-ca.pem":"mine"}}')
    await cluster.until('the bundle is back', async () => await bundle(cluster) === before)
  })

  await t.test('a CA of another trust domain does not take over the Secret', async () => {
    const { code, stderr } = await cluster.mtlscope('ca', 'serve', '--kube-secret', CA_STATE, '--token-review', '--trust-domain', 'other.test', '--listen', '127.0.0.1:0')
    assert.equal(code, 1)
    assert.match(stderr, /is that of trust domain cluster\.local, not other\.test/)
  })
})
