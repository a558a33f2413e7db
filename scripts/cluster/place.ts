import { join } from 'node:path'
import { ROOT } from '../checkout.ts'

/** Where the parts of one test cluster lie. Everything that it makes is named with `name` or lies below `folder`. */
export interface ClusterPlace {
  readonly name: string
  readonly folder: string
  /** Of the node's first process in this PID namespace; written when the node is up. */
  readonly pidFile: string
  /** Why the node did not come up. */
  readonly failedFile: string
  readonly kubeconfig: string
  readonly logs: string
  /** Archive of the image of this checkout, where it was built for the node. */
  readonly image: string
}

export const NODE_ADDRESS = '10.88.0.1'
export const POD_NETWORK = '10.88.0.0/16'
export const SERVICE_NETWORK = '10.96.0.0/16'
/** What the node is called, and what its pods' images are called in front of the slash. */
export const NODE_NAME = 'node'
export const SCRIPTS = `${ROOT}scripts/cluster/`

/** Throws for a name that cannot be part of a path, a cgroup and a host name. */
export function clusterPlace(name: string): ClusterPlace {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) throw new Error(`not a name for a cluster: ${name} (lower case letters, digits, -)`)
  const folder = join('/var/tmp', `mtlscope-cluster-${name}`)
  return {
    name, folder,
    pidFile: join(folder, 'node.pid'), failedFile: join(folder, 'failed'), kubeconfig: join(folder, 'kubeconfig'), logs: join(folder, 'logs'), image: join(folder, 'mtlscope.tar'),
  }
}

/** Folder for what is made once and used by each run. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(process.env.HOME ?? '/', '.cache'), 'mtlscope')
}
