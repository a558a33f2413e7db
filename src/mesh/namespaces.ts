import { statSync } from 'node:fs'
import type { Capture } from '../model/flow.ts'
import { displayName } from './display-name.ts'
import { readNamespaceNames } from './namespace-names.ts'
import { readNetnsInode, readStart } from './process-files.ts'
import type { Proxy } from './proxies.ts'
import { captureOf } from './proxies.ts'

/** One network namespace, however many proxies share it. The follower that found it keeps it up to date. */
export interface MeshNamespace {
  readonly inode: number
  /** `PROCFS/PID/ns/net` of a proxy that lives in it; of the last one while none does. */
  path: string
  /** For people: pod, workload, name in /run/netns, host name, or the pid. Not unique. */
  name: string
  capture: Capture
  /** By pid, lowest first. */
  proxies: readonly Proxy[]
  /** Configured addresses, loopback and link-local ones among them. */
  addresses: readonly string[]
  /** It is the one of pid 1, or of this program where that cannot be read. */
  readonly isHost: boolean
}

const NETNS_FOLDER = '/run/netns'
/** Names that CNI plug-ins and container engines make up say nothing to people. */
const MADE_UP = /^(cni-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9a-f]{12,64}$/

/** The namespace that is the machine's own; undefined where nothing can be read. */
export function readHostInode(procfs: string): number | undefined {
  return inodeOf(procfs, 1) ?? inodeOf(procfs, 'self')
}

function inodeOf(procfs: string, pid: number | 'self'): number | undefined {
  try {
    return readNetnsInode(procfs, pid)
  } catch {
    return undefined
  }
}

/** Two proxies of different meshes in one namespace: the one that says most. */
export function captureOfAll(proxies: readonly Proxy[]): Capture {
  const captures = proxies.map((proxy) => captureOf(proxy.kind))
  if (captures.includes('envoy')) return 'envoy'
  return captures.includes('linkerd') ? 'linkerd' : 'sidecar'
}

/** Names for a namespace, best first; the hints of `hostname` are those of the proxies' environment. */
export function nameNamespace(procfs: string, inode: number, isHost: boolean, proxies: readonly Pick<Proxy, 'pid' | 'name'>[], hostnames: readonly (string | undefined)[]): string {
  if (isHost) return readHostname(procfs) ?? 'host'
  const hint = proxies.find((proxy) => proxy.name !== undefined)?.name
  return hint ?? readNamespaceName(procfs, inode) ?? hostnames.find((name) => name !== undefined) ?? `pid-${proxies[0]!.pid}`
}

function readHostname(procfs: string): string | undefined {
  try {
    return displayName(readStart(`${procfs}/sys/kernel/hostname`, 256).bytes.toString())
  } catch {
    return undefined
  }
}

/** The name that `ip netns` gave, here or in the mount namespace of pid 1. */
function readNamespaceName(procfs: string, inode: number): string | undefined {
  const folders = procfs === '/proc' ? [NETNS_FOLDER, `/proc/1/root${NETNS_FOLDER}`] : [`${procfs}/1/root${NETNS_FOLDER}`]
  for (const folder of folders) {
    const name = readNamespaceNames(folder).find((file) => !MADE_UP.test(file) && inodeOfFile(`${folder}/${file}`) === inode)
    if (name !== undefined) return displayName(name)
  }
  return undefined
}

function inodeOfFile(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}
