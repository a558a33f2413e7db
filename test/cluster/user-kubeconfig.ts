import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TestCluster } from './test-cluster.ts'

interface Rule { apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[] }

/** The kubeconfig of an account that may do just this in the whole cluster; `within`: in its namespace only. */
export async function writeKubeconfigOf(t: TestContext, cluster: TestCluster, namespace: string, name: string, rules: readonly Rule[], within = false): Promise<string> {
  const [kind, metadata] = within ? ['Role', { name, namespace }] : ['ClusterRole', { name }]
  const group = 'rbac.authorization.k8s.io'
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, annotations: { 'kubernetes.io/service-account.name': name } }, type: 'kubernetes.io/service-account-token' },
    { apiVersion: `${group}/v1`, kind, metadata, rules },
    { apiVersion: `${group}/v1`, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: group, kind, name }, subjects: [{ kind: 'ServiceAccount', name, namespace }] },
  ] })
  let token = ''
  await cluster.until(`the token of ${name} is there`, async () => {
    token = (await cluster.kubectl('get', 'secret', name, '-n', namespace, '-o', 'jsonpath={.data.token}')).trim()
    return token !== ''
  })
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-kubeconfig-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const config = JSON.parse(readFileSync(cluster.place.kubeconfig, 'utf8')) as { users: { user: object }[], contexts: { context: { namespace?: string } }[] }
  assert.ok(config.users.length === 1)
  config.users[0]!.user = { token: Buffer.from(token, 'base64').toString() }
  config.contexts[0]!.context.namespace = namespace
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}
