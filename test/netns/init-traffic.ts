import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { insideNamespace } from '../../src/intercept/apply/in-namespace.ts'
import { openSocketAs } from '../../src/sys/socket-as.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'

export const APP = { uid: 1000, gid: 1000 }
const PORT = 80
const ATTEMPT_TIMEOUT_MS = 150
const MAX_ATTEMPTS = 100
const MAX_HAMMERED = 2000
/** By joinNamespaces. */
const OUTSIDE = { 4: '10.99.0.2', 6: 'fd99::2' } as const

/** What became of one connection. `clear`: the outside answered. `refused`: led to the proxy, and none is there. `silent`: denied, or slow. */
export type Attempt = 'clear' | 'refused' | 'silent'

/** A pod, and a server outside of it that takes what comes. */
export interface Traffic {
  readonly pod: TestNamespace
  readonly netns: string
  /** One connection of an app. */
  attempt(version: 4 | 6): Promise<Attempt>
  /** Whether any of many gets through. */
  isOpen(version: 4 | 6): Promise<boolean>
  /** One after the other of both families, until the returned function is called, which gives them in their order. */
  hammer(): () => Promise<Record<4 | 6, Attempt[]>>
}

export async function openTraffic(t: TestContext): Promise<Traffic> {
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  await serveOutside(t, outside.path, PORT, (socket) => socket.resume().end('outside'))
  const attempt = (version: 4 | 6): Promise<Attempt> => tryOnce(pod.path, version)
  const isOpen = async (version: 4 | 6): Promise<boolean> => {
    for (let n = 0; n < MAX_ATTEMPTS; n++) if (await attempt(version) === 'clear') return true
    return false
  }
  return { pod, netns: pod.path, attempt, isOpen, hammer: () => hammer(attempt) }
}

/** A server in that namespace; whatever is still open when the test ends is closed then. */
export async function serveOutside(t: TestContext, netns: string, port: number, take: (socket: net.Socket) => void): Promise<void> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    take(socket)
  })
  insideNamespace(netns, () => server.listen(port))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  if (!server.listening) await new Promise((resolve) => { server.once('listening', resolve) })
}

function tryOnce(path: string, version: 4 | 6): Promise<Attempt> {
  const socket = new net.Socket({ fd: insideNamespace(path, () => openSocketAs(APP, version, 'stream')) })
  return new Promise((resolve) => {
    let result: Attempt = 'silent'
    const timer = setTimeout(() => socket.destroy(), ATTEMPT_TIMEOUT_MS)
    socket.on('data', (bytes) => { if (bytes.toString().startsWith('outside')) result = 'clear' })
    socket.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'ECONNREFUSED') result = 'refused' })
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(result)
    })
    socket.connect({ host: OUTSIDE[version], port: PORT })
  })
}

function hammer(attempt: (version: 4 | 6) => Promise<Attempt>): () => Promise<Record<4 | 6, Attempt[]>> {
  let isOver = false
  const run = async (version: 4 | 6): Promise<Attempt[]> => {
    const attempts: Attempt[] = []
    // The last rules are met, too, however slow the machine is.
    while (!isOver || !attempts.includes('refused') && attempts.length < MAX_HAMMERED) {
      attempts.push(await attempt(version))
      await sleep(1)
    }
    return attempts
  }
  const [four, six] = [run(4), run(6)]
  return async () => {
    isOver = true
    return { 4: await four, 6: await six }
  }
}
