// The viewer as a user has it: the program that serves it, and a real Chromium that looks. For tests, benches and the script that makes pictures.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { findProgram } from '../../src/sys/exec.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Bounds only for what hangs: nothing waits for a time to pass. */
export const WAIT_MS = 40_000
const ADDRESS = /viewer (http:\/\/\S+)/
/** Of what the program says, kept for the message of an error. */
const SAID_CHARS = 4000

/** A program that serves the viewer, and where. */
export interface RunningViewer { readonly address: string, readonly child: ChildProcess }

/**
 * `mtlscope` with arguments that make it serve the viewer, once it has said its address and whatever else `until` asks for. Rejects where it ends before, or does not say so in time. The caller ends it.
 * @param onStart has the process at once, so that it can be ended while it is waited for
 */
export async function startViewer(args: readonly string[], { until = ADDRESS, waitMs = WAIT_MS, onStart }: { until?: RegExp, waitMs?: number, onStart?: (child: ChildProcess) => void } = {}): Promise<RunningViewer> {
  const child = spawn(process.execPath, [`${ROOT}src/cli/main.ts`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onStart?.(child)
  try {
    return { child, address: await addressOf(child, until, waitMs) }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

async function addressOf(child: ChildProcess, until: RegExp, waitMs: number): Promise<string> {
  let said = ''
  let address: string | undefined
  return await new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`mtlscope ${why}: ${said}`))
    const timer = setTimeout(() => fail('did not say where its viewer is in time'), waitMs)
    let isDone = false
    const take = (text: string): void => {
      if (isDone) return
      said = (said + text).slice(-SAID_CHARS)
      address ??= ADDRESS.exec(said)?.[1]
      if (address === undefined || !until.test(said)) return
      isDone = true
      clearTimeout(timer)
      resolve(address)
    }
    child.stdout!.setEncoding('utf8').on('data', take)
    child.stderr!.setEncoding('utf8').on('data', take)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => {
      clearTimeout(timer)
      fail(`ended with ${code}`)
    })
  })
}

/** A Chromium, and how to end it also where it no longer listens. */
export interface RunningBrowser { readonly browser: Browser, kill(): void }

/** Rejects where there is no Chromium, or none that starts. */
export async function openBrowser(args: readonly string[] = []): Promise<RunningBrowser> {
  const executablePath = findProgram('chromium')
  if (executablePath === undefined) throw new Error('missing: chromium (Debian: chromium)')
  const browser = await chromium.launch({ executablePath, timeout: WAIT_MS, args: ['--no-sandbox', ...args] })
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const pid = processInfo.find(({ type }) => type === 'browser')?.id
  await session.detach()
  return { browser, kill: () => killProcess(pid) }
}

function killProcess(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
