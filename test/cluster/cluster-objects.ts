import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestCluster } from './test-cluster.ts'

/** What comes and goes by itself: kept for a while, or made for others. */
const FLEETING = /^(?:events|endpointslices|endpoints|leases|controllerrevisions|componentstatuses)/

/** Every object of the cluster that is meant to stay, sorted: `configmaps/kube-system/kube-root-ca.crt`. */
export async function clusterObjects(cluster: TestCluster): Promise<string[]> {
  const kinds = (await cluster.kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n').filter((kind) => !FLEETING.test(kind))
  assert.ok(kinds.length > 20)
  const lists = await Promise.all(kinds.map(async (kind) => {
    const { code, stdout, stderr } = await cluster.kubectlInput('', 'get', kind, '-A', '-o', 'jsonpath={range .items[*]}{.metadata.namespace}{"/"}{.metadata.name}{"\\n"}{end}')
    assert.equal(code, 0, stderr)
    return stdout.split('\n').filter((line) => line !== '').map((line) => `${kind}/${line}`)
  }))
  return lists.flat().sort()
}

/** Whether the agents' folder is on the node. */
export function nodeFolderExists(cluster: TestCluster): boolean {
  return existsSync(`${cluster.place.folder}/var-lib/mtlscope`)
}

/** Objects are deleted in the background: waits until what is there is what was there. */
export async function untilSame(cluster: TestCluster, before: readonly string[]): Promise<void> {
  let now: string[] = []
  await cluster.until('the cluster is as before', async () => {
    now = await clusterObjects(cluster)
    return JSON.stringify(now) === JSON.stringify(before)
  }).catch((error: Error) => {
    assert.deepEqual({ more: now.filter((object) => !before.includes(object)), less: before.filter((object) => !now.includes(object)) }, { more: [], less: [] }, error.message)
    throw error
  })
}
