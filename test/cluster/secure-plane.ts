import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { manifestText, planManifests } from '../../src/kube/install/plan-manifests.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { TestCluster } from './test-cluster.ts'

/** Namespace of the CA and the injector of a test. */
export const PLANE = 'mtlscope'
export const CA_STATE = `${PLANE}/mtlscope-ca-state`

/** The CA and the injector as `mtlscope install --only secure` makes them, Ready, and gone with the test. */
export async function useSecurePlane(t: TestContext, cluster: TestCluster): Promise<void> {
  const text = manifestText(planManifests({
    namespace: PLANE, image: IMAGE_NAME, pullPolicy: 'Never', trustDomain: 'cluster.local', parts: ['ca', 'injector'], keep: '1GiB,24h', namespaceOnly: false, networkPolicy: false, nodeRules: false, managedBy: 'mtlscope', pullSecrets: [], disruptionBudget: true,
  }))
  t.after(async () => { await cluster.kubectlInput(text, 'delete', '--ignore-not-found', '--grace-period=1', '-f', '-') })
  const { code, stderr } = await cluster.kubectlInput(text, 'apply', '-f', '-')
  assert.equal(code, 0, stderr)
  await cluster.untilDeployed('mtlscope-ca', PLANE)
  await cluster.untilDeployed('mtlscope-injector', PLANE)
  await cluster.until('the webhook knows its CA', async () => {
    return (await cluster.kubectl('get', 'mutatingwebhookconfiguration', 'mtlscope-injector', '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}')).trim().split(' ').length === 2
  })
}

/** A namespace whose pods are injected, gone with the test. */
export async function useMeshNamespace(t: TestContext, cluster: TestCluster, name: string, isLabelled = true): Promise<void> {
  await cluster.kubectl('create', 'namespace', name)
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', name, '--wait=false'))
  if (isLabelled) await cluster.kubectl('label', 'namespace', name, 'mtlscope.io/inject=enabled')
}

/** Lines of the audit log of the CA, of all pods that it had. */
export async function auditOf(cluster: TestCluster): Promise<Record<string, string>[]> {
  const text = await cluster.kubectl('logs', '-n', PLANE, '-l', 'app.kubernetes.io/component=ca', '--tail=-1')
  return text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, string>)
}

/** A Deployment of one replica of the small image, with an account of its own. */
export function deployment(name: string, namespace: string, script: string, pod: object = {}, container: object = {}): object[] {
  const labels = { app: name }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, ...pod },
          spec: {
            serviceAccountName: name, terminationGracePeriodSeconds: 1,
            containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', script], ...container }],
          },
        },
      },
    },
  ]
}

export function service(name: string, namespace: string, port = 8080): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port }] } }
}
