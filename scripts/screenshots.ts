// `node scripts/screenshots.ts [CAPTURE…]`: makes the pictures of the README and of docs/view.md anew, of these captures; without any, of the demo, live.
// Needs Chromium, and for the demo root. Writes docs/pictures/viewer-*.png.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { findProgram } from '../src/sys/exec.ts'
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

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [`${ROOT}src/cli/main.ts`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`no address within a minute: ${said}`)), START_MS)
    const take = (text: string): void => {
      said += text
      const address = /viewer (http:\/\/\S+)/.exec(said)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    }
    child.stdout!.setEncoding('utf8').on('data', take)
    child.stderr!.setEncoding('utf8').on('data', take)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`ended with ${code}: ${said}`))
    })
  })
}

async function takePictures(address: string): Promise<void> {
  const executablePath = findProgram('chromium')
  if (executablePath === undefined) throw new Error('missing: chromium')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--force-device-scale-factor=1'] })
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
const children: ChildProcess[] = []
try {
  const hub = captures.length > 0 ? start('view', ...captures, '--port', '0', '--no-open') : start('demo', '--ui', '0')
  children.push(hub)
  const address = await readAddress(hub)
  hub.stdout!.resume()
  hub.stderr!.resume()
  if (captures.length === 0) await new Promise((resolve) => { setTimeout(resolve, TRAFFIC_MS) })
  await takePictures(address)
} finally {
  for (const child of children.reverse()) child.kill('SIGINT')
}
