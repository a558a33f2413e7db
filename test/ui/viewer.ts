import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Bounds only for what hangs: nothing waits for a time to pass. */
export const WAIT_MS = 40_000
const BUILD_MS = 120_000

/** A hub as a user starts it, and where it is. */
export interface RunningHub { readonly address: string, readonly child: ChildProcess }

let browser: Promise<Browser> | undefined
after(async () => { await (await browser)?.close() })

/** Says whether the test may go on; builds the viewer where it is older than its sources. */
export function needViewer(t: TestContext): boolean {
  if (!need(t, 'ui', findProgram('chromium'), 'chromium (Debian: chromium)')) return false
  const built = spawnSync(process.execPath, [`${ROOT}scripts/viewer.ts`, '--if-stale'], { timeout: BUILD_MS, encoding: 'utf8' })
  return need(t, 'ui', built.status === 0 && existsSync(`${ROOT}dist/ui/index.html`), `the viewer cannot be built: ${built.stderr}`)
}

/** `mtlscope view` with these files. Ended with the test. */
export async function startHub(t: TestContext, files: readonly string[], options: { port?: number } = {}): Promise<RunningHub> {
  return await startProgram(t, ['view', ...files, '--port', String(options.port ?? 0), '--no-open'])
}

/** `mtlscope` with arguments that make it serve the viewer. */
export async function startProgram(t: TestContext, args: readonly string[]): Promise<RunningHub> {
  const child = spawn(process.execPath, [`${ROOT}src/cli/main.ts`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => { child.kill('SIGKILL') })
  return { child, address: await addressOf(child) }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let said = ''
  return await new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`mtlscope ${why}: ${said}`))
    const timer = setTimeout(() => fail('said no address'), WAIT_MS)
    const take = (text: string): void => {
      said += text
      const address = /viewer (http:\/\/\S+)/.exec(said)?.[1]
      if (address === undefined) return
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

export interface PageOptions { readonly theme?: 'light' | 'dark', readonly width?: number, readonly height?: number, readonly isFailureExpected?: boolean }

/** A page in a browser of its own memory. What the browser complained of is in `complaints`; calls of alert and the like too. */
export async function openPage(t: TestContext, address: string, options: PageOptions = {}): Promise<{ page: Page, complaints: string[] }> {
  browser ??= chromium.launch({ executablePath: findProgram('chromium')!, args: ['--no-sandbox', '--disable-gpu'] })
  const context = await (await browser).newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 720 }, colorScheme: options.theme ?? 'light', reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true,
  })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  const complaints: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text()) })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.goto(address)
  await page.waitForSelector('.shell')
  return { page, complaints }
}

/** A folder that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-ui-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function writeCapture(t: TestContext, bytes: Uint8Array, name = 'test.pcap'): string {
  const path = join(temporaryFolder(t), name)
  writeFileSync(path, bytes)
  return path
}

/** Types a filter and applies it. */
export async function filterBy(page: Page, filter: string): Promise<void> {
  await page.keyboard.press('Escape')
  await page.getByRole('textbox', { name: 'Filter' }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.keyboard.type(filter)
  await page.keyboard.press('Enter')
}
