import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeCgroups } from './cgroups.ts'
import { readNodeProcess } from './node-process.ts'
import type { ClusterPlace } from './place.ts'
import { nodePlaces } from './place.ts'

const END_MS = 15_000
const CGROUPS_MS = 20_000

/** Ends all nodes of that cluster that there are, and removes what they left. Throws where a cgroup cannot be removed. */
export async function down(cluster: ClusterPlace): Promise<void> {
  for (const node of nodePlaces(cluster)) await removeNode(node)
}

/** Ends one node, if it is there, and removes its cgroups and files; with its first process go all others, its mounts, links and rules. */
export async function removeNode(place: ClusterPlace): Promise<void> {
  const node = readNodeProcess(place)
  if (node !== undefined) {
    kill(node.initPid, 'SIGTERM')
    if (!await gone(node.pid, END_MS)) kill(node.initPid, 'SIGKILL')
    if (!await gone(node.pid, END_MS)) throw new Error(`process ${node.pid} does not end`)
  }
  // Processes leave their cgroups a moment after they have ended.
  const endMs = performance.now() + CGROUPS_MS
  for (let left = removeCgroups(place.name); left.length > 0; left = removeCgroups(place.name)) {
    if (performance.now() > endMs) throw new Error(`cannot remove ${left.join(', ')}: something still lives in it`)
    await sleep(200)
  }
  rmSync(place.folder, { recursive: true, force: true })
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs
  while (existsSync(`/proc/${pid}`) && !isZombie(pid)) {
    if (performance.now() > endMs) return false
    await sleep(100)
  }
  return true
}

/** Ended, and not waited for yet: this program may be its parent. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
