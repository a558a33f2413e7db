import { startProcess } from '../sys/spawn.ts'
import type { ExitStatus, RunningProcess } from '../sys/spawn.ts'
import type { DemoViewer } from './viewer.ts'
import { ViewerLines } from './viewer-lines.ts'
import { planIsolation, requirePrograms } from './isolation.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Time for the traffic to end and the rings to be drained, before the world is killed. */
const GRACE_MS = 5000

/**
 * Runs `inner` (program and arguments) as the first process of namespaces of its own, on this program's terminal, and
 * resolves with its exit code. What it sees goes to the viewer, where there is one. Whatever ends this program ends the world: its standard input closes, which asks it to
 * end, and the kernel kills it (pdeathsig, kill-child) where it does not get to that.
 */
export async function runIsolated(inner: readonly string[], viewer?: DemoViewer): Promise<number> {
  requirePrograms()
  const flags = await planIsolation(process.geteuid?.() === 0)
  const world = startProcess('setpriv', ['--pdeathsig', 'KILL', '--', 'unshare', ...flags, '--', ...inner], {
    // A session of its own: Ctrl-C is for this program, which then lets the world end in order.
    stdin: 'pipe', output: 'inherit', detached: true, ...(viewer && { aside: 'pipe' as const }),
  })
  const release = forward(world)
  if (viewer !== undefined) feed(world, viewer)
  await world.ready
  const status = await world.exited
  release()
  return exitCode(status)
}

/** The world learns where its viewer is, and the viewer what the world sees. */
function feed({ stdin, aside }: RunningProcess, viewer: DemoViewer): void {
  const lines = new ViewerLines(viewer)
  aside?.on('data', (chunk: Buffer) => lines.take(chunk))
  // A world that ends is told by its exit.
  aside?.on('error', () => {})
  void viewer.place.then((place) => stdin?.write(`viewer ${JSON.stringify(place)}\n`))
}

/** The first signal asks the world to end, the second does not ask. */
function forward(world: RunningProcess): () => void {
  let asked = false
  let timer: NodeJS.Timeout | undefined
  const onSignal = (): void => {
    if (asked) return world.signal('SIGKILL')
    asked = true
    world.stdin?.end()
    timer = setTimeout(() => world.signal('SIGKILL'), GRACE_MS)
  }
  const onResize = (): void => void world.stdin?.write(`columns ${process.stdout.columns}\n`)
  for (const name of SIGNALS) process.on(name, onSignal)
  process.stdout.on('resize', onResize)
  return () => {
    clearTimeout(timer)
    for (const name of SIGNALS) process.off(name, onSignal)
    process.stdout.off('resize', onResize)
  }
}

function exitCode(status: ExitStatus): number {
  return status.code ?? 1
}
