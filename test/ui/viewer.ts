import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { after } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import type { RunningBrowser, RunningViewer } from './running-viewer.ts'
import { ROOT, WAIT_MS, openBrowser, startViewer } from './running-viewer.ts'

export { ROOT, WAIT_MS } from './running-viewer.ts'

const BUILD_MS = 120_000
/** A browser that hangs is ended after that: whatever waits for it then fails, and says so. Under the bound of the test runner. */
const HANG_MS = 170_000
const CLOSE_MS = 10_000

let running: Promise<RunningBrowser> | undefined
let watch: ReturnType<typeof setTimeout> | undefined
after(closeBrowser)

async function closeBrowser(): Promise<void> {
  clearTimeout(watch)
  const opened = await running?.catch(() => undefined)
  if (opened === undefined) return
  const timer = setTimeout(opened.kill, CLOSE_MS)
  await opened.browser.close().catch(() => undefined)
  clearTimeout(timer)
}

/** The browser of this file, opened when it is first needed, and anew where it has ended. Whoever asks has HANG_MS from then on. */
async function browserOfFile(): Promise<Browser> {
  running ??= openBrowser(['--disable-gpu']).then((opened) => {
    opened.browser.once('disconnected', () => {
      running = undefined
    })
    return opened
  })
  const { browser, kill } = await running
  clearTimeout(watch)
  watch = setTimeout(kill, HANG_MS)
  return browser
}

/** Says whether the test may go on; builds the viewer where it is older than its sources. */
export function needViewer(t: TestContext): boolean {
  if (!need(t, 'ui', findProgram('chromium'), 'chromium (Debian: chromium)')) return false
  const built = spawnSync(process.execPath, [`${ROOT}scripts/viewer.ts`, '--if-stale'], { timeout: BUILD_MS, encoding: 'utf8' })
  return need(t, 'ui', built.status === 0 && existsSync(`${ROOT}dist/ui/index.html`), `the viewer cannot be built: ${built.stderr}`)
}

/** `mtlscope view` with these files. Ended with the test. */
export async function startHub(t: TestContext, files: readonly string[], options: { port?: number } = {}): Promise<RunningViewer> {
  return await startProgram(t, ['view', ...files, '--port', String(options.port ?? 0), '--no-open'])
}

/** `mtlscope` with arguments that make it serve the viewer. Ended with the test. */
export async function startProgram(t: TestContext, args: readonly string[]): Promise<RunningViewer> {
  return await startViewer(args, { onStart: (child) => t.after(() => { child.kill('SIGKILL') }) })
}

export interface PageOptions { readonly theme?: 'light' | 'dark', readonly width?: number, readonly height?: number, readonly timezoneId?: string }

/** A page in a browser of its own memory. What the browser complained of is in `complaints`; calls of alert and the like too. */
export async function openPage(t: TestContext, address: string, options: PageOptions = {}): Promise<{ page: Page, complaints: string[] }> {
  const browser = await browserOfFile()
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 720 }, colorScheme: options.theme ?? 'light', reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true, ...options.timezoneId === undefined ? {} : { timezoneId: options.timezoneId },
  })
  t.after(() => context.close().catch(() => undefined))
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

/** Keys that belong together, as `g m`. Sent at once: where a machine stands still between them, they are no longer meant together. */
export async function pressTogether(page: Page, ...keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => page.keyboard.press(key)))
}

/** What says for a few seconds what was done: looked for before it is done, so that a slow machine does not miss it. */
export async function announced(page: Page, text: string | RegExp, act: () => Promise<void>): Promise<void> {
  await Promise.all([page.getByText(text).waitFor(), act()])
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
