// `node scripts/screenshots.ts [CAPTURE…]`: makes the pictures of the README and of docs/view.md anew, of these captures; without any, of the demo, live.
// Needs Chromium, and for the demo root. Writes docs/pictures/viewer-*.png.
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { openBrowser, startViewer } from '../test/ui/running-viewer.ts'
import { ROOT } from './checkout.ts'
import { palettePng } from './palette-png.ts'
import './viewer.ts'

const FOLDER = `${ROOT}docs/pictures`
const START_MS = 60_000
/** Traffic of the demo before the first picture. */
const TRAFFIC_MS = 25_000
const SIZE = { width: 1280, height: 720 }

interface Picture { readonly name: string, readonly theme: 'light' | 'dark', readonly place: string, prepare?(page: Page): Promise<void> }

/** Paused, so that the row stays where it is. */
const openMessage = async (page: Page): Promise<void> => {
  await page.keyboard.press('p')
  await page.locator('.list-rows .row', { hasText: /(POST|GET) \/cart\/\d+/ }).nth(9).click({ timeout: 10_000 })
  await page.locator('.detail-body').waitFor()
}

const PICTURES: readonly Picture[] = [
  { name: 'list', theme: 'light', place: '?q=http', prepare: openMessage },
  { name: 'list-dark', theme: 'dark', place: '?q=http', prepare: openMessage },
  { name: 'map', theme: 'dark', place: '?view=map' },
  { name: 'check', theme: 'light', place: '?view=check', prepare: async (page) => { await page.locator('.check-row button').first().click() } },
  { name: 'statistics', theme: 'light', place: '?view=statistics' },
  { name: 'catalog', theme: 'dark', place: '?view=catalog', prepare: async (page) => { await page.locator('.operation-line').first().click() } },
]

async function takePictures(address: string): Promise<void> {
  const { browser } = await openBrowser(['--force-device-scale-factor=1'])
  try {
    for (const { name, theme, place, prepare } of PICTURES) {
      const page = await browser.newPage({ viewport: SIZE, colorScheme: theme, reducedMotion: 'reduce' })
      await page.goto(address + place)
      await page.locator('.status-line button').waitFor()
      await page.locator('.progress').waitFor({ state: 'detached' })
      await prepare?.(page)
      await page.waitForTimeout(500)
      writeFileSync(`${FOLDER}/viewer-${name}.png`, palettePng(await page.screenshot()))
      await page.close()
      console.log(`docs/pictures/viewer-${name}.png`)
    }
  } finally {
    await browser.close()
  }
}

const captures = process.argv.slice(2)
mkdirSync(FOLDER, { recursive: true })
const args = captures.length > 0 ? ['view', ...captures, '--port', '0', '--no-open'] : ['demo', '--ui', '0']
const { child, address } = await startViewer(args, { waitMs: START_MS })
try {
  if (captures.length === 0) await new Promise((resolve) => { setTimeout(resolve, TRAFFIC_MS) })
  await takePictures(address)
} finally {
  child.kill('SIGINT')
}
