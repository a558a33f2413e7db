import { join } from 'node:path'
import { ROOT } from '../checkout.ts'

/** Where the parts of one node of a test cluster lie. Everything that it makes is named with `name` or lies below `folder`; the first node is the cluster's own place. */
export interface ClusterPlace {
  readonly name: string
  /** From 1, which has the API server. */
  readonly number: number
  /** What the node is called in the cluster. */
  readonly node: string
  readonly address: string
  /** Addresses of its pods, the first and the last. */
  readonly podRange: readonly [string, string]
  readonly folder: string
  /** Of the process that made the node's namespaces, in this PID namespace. */
  readonly pidFile: string
  /** Why the node did not come up. */
  readonly failedFile: string
  readonly kubeconfig: string
  readonly logs: string
  /** Archive of the image of this checkout, where it was built for the node. */
  readonly image: string
}

/** Of the first node. */
export const NODE_ADDRESS = '10.88.0.1'
export const POD_NETWORK = '10.88.0.0/16'
export const SERVICE_NETWORK = '10.96.0.0/16'
/** What the first node is called. */
export const NODE_NAME = 'node'
/** Each has a sixteenth of the network of the pods. */
export const MAX_NODES = 9
export const SCRIPTS = `${ROOT}scripts/cluster/`

/** Throws for a name that cannot be part of a path, a cgroup and a host name. */
export function clusterPlace(name: string): ClusterPlace {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`not a name for a cluster: ${name} (lower case letters, digits, -)`)
  const folder = join('/var/tmp', `mtlscope-cluster-${name}`)
  return placeIn(folder, { name, number: 1, node: NODE_NAME, address: NODE_ADDRESS, kubeconfig: join(folder, 'kubeconfig'), image: join(folder, 'mtlscope.tar') })
}

/** A node of that cluster; `number` 1 is the first. */
export function nodePlace(cluster: ClusterPlace, number: number): ClusterPlace {
  if (number === 1) return cluster
  const { name, folder, kubeconfig, image } = cluster
  return placeIn(join(folder, `node-${number}`), { name: `${name}-node-${number}`, number, node: `${NODE_NAME}-${number}`, address: `10.88.0.${number}`, kubeconfig, image })
}

/** All that there may be, the first one last: without its API server the others are nothing. */
export function nodePlaces(cluster: ClusterPlace): ClusterPlace[] {
  return Array.from({ length: MAX_NODES }, (_, index) => nodePlace(cluster, MAX_NODES - index))
}

function placeIn(folder: string, own: Omit<ClusterPlace, 'folder' | 'podRange' | 'pidFile' | 'failedFile' | 'logs'>): ClusterPlace {
  const block = (own.number - 1) * 16
  return {
    ...own, folder, podRange: [`10.88.${block}.${MAX_NODES + 1}`, `10.88.${block + 15}.254`],
    pidFile: join(folder, 'node.pid'), failedFile: join(folder, 'failed'), logs: join(folder, 'logs'),
  }
}

/** Folder for what is made once and used by each run. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache'), 'mtlscope')
}
