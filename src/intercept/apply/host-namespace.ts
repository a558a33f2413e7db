import { existsSync, readlinkSync } from 'node:fs'
import { netnsInode } from '../../sys/netns.ts'
import { insideNamespace } from './in-namespace.ts'

/** PROC_PID_INIT_INO of linux/proc_ns.h: the first pid namespace has always this number. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'
/** A setting that only the first network namespace has. */
const ONLY_HOST = '/proc/sys/net/core/netdev_budget'

/** Whether the namespace is that of the machine itself, where rules would hold for every process on it. */
export function isHostNamespace(netns: string): boolean {
  return isThatOfFirstProcess(netns) || insideNamespace(netns, () => existsSync(ONLY_HOST))
}

/** In a container the first process is one of the container, and says nothing. */
function isThatOfFirstProcess(netns: string): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === FIRST_PID_NAMESPACE && netnsInode('/proc/1/ns/net') === netnsInode(netns)
  } catch {
    return false
  }
}
