import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildMtlscopeImage } from '../image/build-image.ts'
import { runProgram } from '../run-program.ts'
import { cgroupEntrances, makeCgroups } from './cgroups.ts'
import { buildComponents } from './components.ts'
import { down, removeNode } from './down.ts'
import { buildBusyboxImage } from './images.ts'
import { buildKubectl, kubectlProgram } from './kubectl.ts'
import { linkNodes } from './link-nodes.ts'
import { insideCommand, readNodeProcess, writeNodeProcess } from './node-process.ts'
import type { ClusterPlace } from './place.ts'
import { SCRIPTS, nodePlace, nodePlaces } from './place.ts'

const UP_TIMEOUT_MS = 600_000
const NAMESPACES = ['--cgroup', '--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child=SIGKILL', '--propagation', 'private']
/** Enters the cgroups that are named in front of `--`, then becomes the rest. */
const ENTER = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 1; shift; done; shift; exec "$@"'
/** The first process of the node: hands signals on, and buries whoever is left to it. */
const INIT = '"$@" & child=$!; trap "kill $child" TERM; wait $child; wait $child'

/** Starts a node and resolves when it is Ready. Throws with the reason where it does not come up; nothing is left then but its logs' last words. */
export async function up(place: ClusterPlace, say: (text: string) => void): Promise<void> {
  if (readNodeProcess(place) !== undefined) return say(`${place.name} runs already`)
  await down(place)
  await prepare(say)
  await start(place, place.name, say)
}

/** Starts a further node of a cluster that is up, as `up` does. */
export async function addNode(cluster: ClusterPlace, number: number, say: (text: string) => void): Promise<void> {
  const place = nodePlace(cluster, number)
  if (readNodeProcess(place) !== undefined) return say(`${place.node} runs already`)
  await removeNode(place)
  await start(place, cluster.name, say, () => linkNodes(cluster, place))
}

async function prepare(say: (text: string) => void): Promise<void> {
  await buildComponents(say)
  await buildKubectl(say)
  await buildBusyboxImage()
}

async function start(place: ClusterPlace, cluster: string, say: (text: string) => void, whenItHasLinks?: () => Promise<void>): Promise<void> {
  mkdirSync(place.folder, { recursive: true, mode: 0o755 })
  try {
    spawnNode(place, cluster)
    await whenItHasLinks?.()
    await untilUp(place, say)
  } catch (error) {
    if (process.env.MTLSCOPE_CLUSTER_KEEP === undefined) await removeNode(place)
    throw error
  }
}

function spawnNode(place: ClusterPlace, cluster: string): void {
  makeCgroups(place.name)
  const log = openSync(join(place.folder, 'node.log'), 'a')
  const command = ['unshare', ...NAMESPACES, 'sh', '-c', INIT, 'init', process.execPath, `${SCRIPTS}inside.ts`, cluster, String(place.number)]
  const child = spawn('sh', ['-c', ENTER, 'enter', ...cgroupEntrances(place.name), '--', ...command], { stdio: ['ignore', log, log], detached: true, cwd: '/' })
  if (child.pid === undefined) throw new Error('cannot start sh')
  child.unref()
  writeNodeProcess(place, child.pid)
}

async function untilUp(place: ClusterPlace, say: (text: string) => void): Promise<void> {
  const endMs = performance.now() + UP_TIMEOUT_MS
  let told = 0
  while (!existsSync(join(place.folder, 'up')) || !await isReady(place)) {
    const lines = readFileSync(join(place.folder, 'node.log'), 'utf8').split('\n').slice(0, -1)
    for (const line of lines.slice(told)) say(`  ${line}`)
    told = lines.length
    if (existsSync(place.failedFile)) throw new Error(`the node did not come up: ${readFileSync(place.failedFile, 'utf8')}`)
    if (performance.now() > endMs) throw new Error(`the node was not Ready within ${UP_TIMEOUT_MS / 1000} s; its logs: ${place.logs}`)
    await sleep(500)
    if (readNodeProcess(place) === undefined) throw new Error(`the node ended: ${lines.slice(-5).join('\n')}`)
  }
}

async function isReady(place: ClusterPlace): Promise<boolean> {
  const { code, output } = await kubectl(place, ['get', 'node', place.node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'])
  return code === 0 && output.trim() === 'True'
}

export async function kubectl(place: ClusterPlace, args: readonly string[], inherit = false): Promise<{ code: number, output: string }> {
  return await inside(place, [kubectlProgram(), '--kubeconfig', place.kubeconfig, ...args], inherit)
}

/** Runs a program within the node. Throws where there is none. */
export async function inside(place: ClusterPlace, command: readonly string[], inherit = false): Promise<{ code: number, output: string }> {
  const node = readNodeProcess(place)
  if (node === undefined) throw new Error(`no cluster ${place.name}: npm run cluster up`)
  const [program, args] = insideCommand(node, command)
  return await runProgram(program, args, { inherit })
}

/** Puts the image that was built last into a node. */
export async function importInto(node: ClusterPlace): Promise<void> {
  const { code, output } = await inside(node, [process.execPath, `${SCRIPTS}import.ts`, node.image])
  if (code !== 0) throw new Error(output.trim())
}

/** Builds the image of this checkout's dist/ and puts it into all nodes. Throws where either fails. */
export async function loadImage(place: ClusterPlace): Promise<void> {
  await buildMtlscopeImage(place.image)
  for (const node of nodePlaces(place).filter((one) => readNodeProcess(one) !== undefined)) await importInto(node)
}
