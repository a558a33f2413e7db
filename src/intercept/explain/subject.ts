import type { Netfilter } from '../netfilter/netfilter.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import type { World } from '../netfilter/world.ts'
import type { MeshProfile } from './mesh-profile.ts'

/** A process in the namespace. */
export interface LiveProcess {
  readonly pid: number
  readonly program: string
  /** Of the file system, which is what sockets are opened with unless it was changed in between. */
  readonly uid: number
  readonly gid: number
  readonly capabilities: readonly string[]
  readonly isProxy: boolean
  /** Uid of its Kubernetes pod, as its cgroup has it. */
  readonly pod?: string
}

export interface Connection { readonly localIp: string, readonly localPort: number, readonly remoteIp: string, readonly remotePort: number, readonly uid: number }

/** What is really in the namespace, beside its rules. */
export interface Live {
  readonly processes: readonly LiveProcess[]
  readonly connections: readonly Connection[]
  readonly isHost: boolean
}

/** What is looked at. */
export interface Subject {
  readonly netfilter: Netfilter
  readonly world: World
  readonly mesh: MeshProfile | undefined
  /** Families of which the rules are known; of a file that holds those of one only the other is not judged. */
  readonly versions: readonly IpVersion[]
  readonly live: Live | undefined
}
