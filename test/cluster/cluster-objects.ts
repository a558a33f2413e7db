import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestCluster } from './test-cluster.ts'

/** What comes and goes by itself: kept for a while, or made for others. */
const FLEETING = /^(?:events|endpointslices|endpoints|leases|controllerrevisions|componentstatuses)/

/** Every object of the cluster that is meant to stay, sorted: `configmaps/kube-system/kube-root-ca.crt`; once nothing is under way to its end that a test before deleted. */
export async function clusterObjects(cluster: TestCluster): Promise<string[]> {
  let names: string[] = []
  await cluster.until('nothing is being deleted', async () => {
    const objects = await listObjects(cluster)
    const before = names
    names = objects.map(({ name }) => name)
    // Kinds are listed one beside the other: what was in a namespace may be in a list that was made a moment before that of the namespaces.
    return objects.every(({ deleted }) => !deleted) && JSON.stringify(names) === JSON.stringify(before) && names.every((name) => isInNamespaceOf(name, names))
  })
  return names
}

/** `configmaps/shop/web` is where `namespaces//shop` is, too; on a busy node what a namespace had goes a while after it. Objects of no namespace are. */
function isInNamespaceOf(name: string, names: readonly string[]): boolean {
  const [, namespace = ''] = name.split('/')
  return namespace === '' || names.includes(`namespaces//${namespace}`)
}

interface ListedObject { readonly name: string, readonly deleted: boolean }

async function listObjects(cluster: TestCluster): Promise<ListedObject[]> {
  const kinds = (await cluster.kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n').filter((kind) => !FLEETING.test(kind))
  assert.ok(kinds.length > 20)
  const lists = await Promise.all(kinds.map(async (kind) => {
    const { code, stdout, stderr } = await cluster.kubectlInput('', 'get', kind, '-A', '-o', 'jsonpath={range .items[*]}{.metadata.namespace}{"/"}{.metadata.name}{" "}{.metadata.deletionTimestamp}{"\\n"}{end}')
    assert.equal(code, 0, stderr)
    return stdout.split('\n').filter((line) => line !== '').map((line) => {
      const [name, deletedAt] = line.split(' ')
      return { name: `${kind}/${name}`, deleted: deletedAt !== '' }
    })
  }))
  return lists.flat().sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** Whether the agents' folder is on the node. */
export function nodeFolderExists(cluster: TestCluster): boolean {
  return existsSync(`${cluster.place.folder}/var-lib/mtlscope`)
}

/** Objects are deleted in the background: waits until what is there is what was there. */
export async function untilSame(cluster: TestCluster, before: readonly string[]): Promise<void> {
  let now: string[] = []
  await cluster.until('the cluster is as before', async () => {
    now = (await listObjects(cluster)).map(({ name }) => name)
    return JSON.stringify(now) === JSON.stringify(before)
  }).catch((error: Error) => {
    assert.deepEqual({ more: now.filter((object) => !before.includes(object)), less: before.filter((object) => !now.includes(object)) }, { more: [], less: [] }, error.message)
    throw error
  })
}
