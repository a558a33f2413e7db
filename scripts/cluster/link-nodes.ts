import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../run-program.ts'
import { readNodeProcess } from './node-process.ts'
import type { ClusterPlace } from './place.ts'

const TIMEOUT_MS = 60_000

/** Links the bridge of a node that is starting with that of the first: pods of both reach each other as those of one node do. Throws where it cannot. */
export async function linkNodes(first: ClusterPlace, place: ClusterPlace): Promise<void> {
  const [here, there] = [initPid(first), await untilBridged(place)]
  if (here === undefined) throw new Error(`${first.name} does not run`)
  if (there === undefined) return
  const name = `node-${place.number}`
  await link(here, 'add', name, 'type', 'veth', 'peer', 'name', 'node-1', 'netns', String(there))
  await link(here, 'set', name, 'master', 'cni0', 'up')
  await link(there, 'set', 'node-1', 'master', 'cni0', 'up')
}

/** Its first process, once its bridge is there; undefined where it says by itself why it does not come up. */
async function untilBridged(place: ClusterPlace): Promise<number | undefined> {
  const endMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const pid = initPid(place)
    if (pid !== undefined && (await ip(pid, 'show', 'cni0')).code === 0) return pid
    if (existsSync(place.failedFile)) return undefined
    if (performance.now() > endMs) throw new Error(`${place.node} has no bridge after ${TIMEOUT_MS / 1000} s`)
    await sleep(100)
  }
}

function initPid(place: ClusterPlace): number | undefined {
  return readNodeProcess(place)?.initPid
}

async function link(pid: number, ...args: string[]): Promise<void> {
  const { code, output } = await ip(pid, ...args)
  if (code !== 0) throw new Error(`ip link ${args.join(' ')}: ${output.trim()}`)
}

async function ip(pid: number, ...args: string[]): Promise<{ code: number, output: string }> {
  return await runProgram('nsenter', ['--target', String(pid), '--net', '--', 'ip', 'link', ...args])
}
