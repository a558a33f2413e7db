import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TestNamespace } from './namespace.ts'

const SHOP = fileURLToPath(new URL('../fixtures/peers/shop.cjs', import.meta.url))
/** Far more than anything takes. */
const LISTEN_TIMEOUT_MS = 60_000

/** Starts a server inside and waits until somebody listens on the port. Ended with the test. */
export async function serveIn(t: TestContext, namespace: TestNamespace, port: number, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn('ip', ['netns', 'exec', namespace.name, ...words], { stdio: 'pipe', env: { ...process.env, ...env } })
  t.after(() => endChild(child))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said = (said + text).slice(-2000) })
  for (const start = performance.now(); namespace.run('ss', '-Hltn', `sport = :${port}`).trim() === '';) {
    if (child.exitCode !== null || performance.now() - start > LISTEN_TIMEOUT_MS) throw new Error(`nobody listens on ${port}: ${said}`)
    await sleep(20)
  }
  return child
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await once(child, 'exit')
  clearTimeout(timer)
}

/** The HTTP server of the fixtures on [::]:8080. */
export function serveShop(t: TestContext, namespace: TestNamespace, port = 8080): Promise<ChildProcess> {
  return serveIn(t, namespace, port, [process.execPath, SHOP, `${port}`])
}

export function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A process inside whose executable has that name; it does nothing. As far as procfs tells, it is such a proxy. */
export async function startNamed(t: TestContext, namespace: TestNamespace, name: string, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const exe = join(tempFolder(t), name)
  copyFileSync('/bin/sleep', exe)
  const child = spawn('ip', ['netns', 'exec', namespace.name, exe, '600'], { stdio: 'ignore', env: { ...process.env, ...env } })
  t.after(() => endChild(child))
  while (!isRunning(child.pid!, name)) await sleep(5)
  return child
}

function isRunning(pid: number, name: string): boolean {
  const link = `/proc/${pid}/exe`
  return existsSync(link) && basename(readlinkSync(link)) === name
}

/** curl inside; what it printed. */
export function call(namespace: TestNamespace, url: string, ...options: string[]): string {
  return namespace.run('curl', '-s', '--max-time', '10', ...options, url)
}

/** A client inside that says something to a port of 127.0.0.1 and then stays silent, until the test is over. Resolves once it is said. */
export async function sayAndStay(t: TestContext, namespace: TestNamespace, port: number, text: string): Promise<void> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf '%b' "$1" >&3 && echo said; exec sleep 600`
  const child = spawn('ip', ['netns', 'exec', namespace.name, 'bash', '-c', script, 'bash', text], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => endChild(child))
  await once(child.stdout, 'data')
}
