// The life of a test node, in namespaces of its own (see up.ts): mounts, links, components, images, until it is told to end.
// When its first process ends, in whatever way, the kernel takes all of it away but cgroups and files, which `down` removes.
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { runProgram } from '../run-program.ts'
import { readControllers } from './cgroups.ts'
import { answers } from './answers.ts'
import { componentsPath } from './components.ts'
import { openClusterDns } from './dns.ts'
import { importImages } from './images.ts'
import { writeNodeFiles } from './node-files.ts'
import type { Part } from './parts.ts'
import { planParts } from './parts.ts'
import type { ClusterPlace } from './place.ts'
import { NODE_ADDRESS, clusterPlace, nodePlace } from './place.ts'

/** A busy machine with two slow processors. */
const PART_TIMEOUT_MS = 180_000
const API_SERVER = `https://${NODE_ADDRESS}:6443/readyz`

async function must(program: string, ...args: string[]): Promise<void> {
  const { code, output } = await runProgram(program, args, { cwd: '/' })
  if (code !== 0) throw new Error(`${[program, ...args].join(' ')}: ${output.trim()}`)
}

/** What components keep at fixed places lies in the node's folder or in memory; the machine's own is hidden. */
async function mountAll({ folder }: ClusterPlace): Promise<void> {
  const controllers = readControllers()
  await must('mount', '-t', 'proc', 'proc', '/proc')
  await must('mount', '-t', 'sysfs', 'sysfs', '/sys')
  await must('mount', '-t', 'tmpfs', 'cgroups', '/sys/fs/cgroup')
  for (const { name, version } of controllers) {
    const target = join('/sys/fs/cgroup', name)
    mkdirSync(target, { recursive: true })
    const options = name === 'systemd' ? 'none,name=systemd' : name
    await must('mount', ...version === 1 ? ['-t', 'cgroup', '-o', options, 'cgroup'] : ['-t', 'cgroup2', 'cgroup2'], target)
  }
  await must('mount', '-t', 'tmpfs', 'run', '/run')
  await must('mount', '--bind', join(folder, 'var-lib'), '/var/lib')
  await must('mount', '--bind', join(folder, 'var-log'), '/var/log')
}

async function linkUp({ node, address }: ClusterPlace): Promise<void> {
  await must('hostname', node)
  await must('ip', 'link', 'set', 'lo', 'up')
  await must('ip', 'link', 'add', 'cni0', 'type', 'bridge')
  await must('ip', 'address', 'add', `${address}/16`, 'dev', 'cni0')
  await must('ip', 'link', 'set', 'cni0', 'up')
  // Components look for a way out to learn which address is theirs, and services are led there.
  await must('ip', 'route', 'add', 'default', 'via', '10.88.255.254')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
  // Else the answers of pods on the same bridge come back past kube-proxy's rules.
  if (existsSync('/proc/sys/net/bridge')) writeFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', '1')
}

async function startPart({ name, command, ready }: Part, place: ClusterPlace): Promise<ChildProcess> {
  const log = openSync(join(place.logs, `${name}.log`), 'a')
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', log, log], env: { ...process.env, TMPDIR: join(place.folder, 'tmp'), KUBECONFIG: place.kubeconfig } })
  let ended: string | undefined
  child.once('error', (error) => { ended = error.message })
  child.once('exit', (code, signal) => { ended = `ended with ${code ?? signal}` })
  const endMs = performance.now() + PART_TIMEOUT_MS
  while (!await answers(ready)) {
    if (ended !== undefined || performance.now() > endMs) throw new Error(`${name} ${ended ?? `did not become ready within ${PART_TIMEOUT_MS} ms`}: ${lastLines(place, name)}`)
    await sleep(250)
  }
  child.once('exit', () => void end(`${name} ended by itself`))
  return child
}

function lastLines({ logs }: ClusterPlace, name: string): string {
  return readFileSync(join(logs, `${name}.log`), 'utf8').trim().split('\n').slice(-5).join('\n')
}

/** Of a further node: up() joins the bridges of the two, and then the API server answers. */
async function untilJoined(): Promise<void> {
  const endMs = performance.now() + PART_TIMEOUT_MS
  while (!await answers(API_SERVER)) {
    if (performance.now() > endMs) throw new Error(`the first node did not answer within ${PART_TIMEOUT_MS} ms`)
    await sleep(250)
  }
}

const place = nodePlace(clusterPlace(basename(process.argv[2] ?? '')), Number(process.argv[3] ?? 1))
const children: ChildProcess[] = []
let ending = false

async function end(why: string): Promise<void> {
  if (ending) return
  ending = true
  console.log(why)
  for (const child of children.toReversed()) child.kill('SIGTERM')
  await sleep(500)
  process.exit(0)
}

process.on('SIGTERM', () => void end('told to end'))
try {
  writeNodeFiles(place)
  await mountAll(place)
  await linkUp(place)
  if (place.number > 1) await untilJoined()
  for (const part of planParts(place, componentsPath())) {
    children.push(await startPart(part, place))
    if (part.name === 'containerd') await importImages()
    if (part.name === 'kube-apiserver') await openClusterDns(place.kubeconfig)
    console.log(`${new Date().toISOString()} ${part.name} is up`)
  }
  writeFileSync(join(place.folder, 'up'), '')
} catch (error) {
  writeFileSync(place.failedFile, error instanceof Error ? error.message : String(error))
  await end('failed')
}
