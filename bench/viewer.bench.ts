import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { longCapture } from '../test/ui/http-capture.ts'
import { openBrowser, startViewer } from '../test/ui/running-viewer.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const MESSAGES = 1_000_000
const ROUNDS = 5
const SCROLL_MS = 4000
const IDLE_MS = 10_000
const READ_MS = 300_000

/** Milliseconds between frames while the list is scrolled a few rows a frame. */
async function frameTimes(page: Page): Promise<number[]> {
  return await page.evaluate(async (lengthMs) => await new Promise<number[]>((resolve) => {
    const { document } = globalThis as unknown as { document: { querySelector(selector: string): { scrollTop: number } } }
    const { requestAnimationFrame } = globalThis as unknown as { requestAnimationFrame(step: (now: number) => void): void }
    const body = document.querySelector('.list-body')
    const times: number[] = []
    let last = 0
    let start = 0
    const step = (now: number): void => {
      if (last > 0) times.push(now - last)
      else start = now
      last = now
      body.scrollTop += 90
      if (now - start < lengthMs) requestAnimationFrame(step)
      else resolve(times)
    }
    requestAnimationFrame(step)
  }), SCROLL_MS)
}

async function taskSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0
}

interface Loaded { readonly paintMs: number, readonly assetBytes: number }

/** A first visit: nothing cached. */
async function load(page: Page, session: CDPSession, address: string): Promise<Loaded> {
  await session.send('Network.enable')
  const assets = new Set<string>()
  let assetBytes = 0
  session.on('Network.responseReceived', ({ requestId, type }) => { if (type === 'Script' || type === 'Stylesheet' || type === 'Document') assets.add(requestId) })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { if (assets.has(requestId)) assetBytes += encodedDataLength })
  await page.goto(address)
  await page.locator('.list-rows .row').first().waitFor()
  await page.waitForTimeout(1000)
  const paintMs = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)
  return { paintMs, assetBytes }
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  progress(`a capture of ${MESSAGES} messages`)
  const path = join(folder, 'million.pcap')
  writeFileSync(path, longCapture(MESSAGES))
  const { child, address } = await startViewer(['view', path, '--port', '0', '--no-open'], { until: /^mtlscope: read /m, waitMs: READ_MS })
  const { browser } = await openBrowser()
  const paints: number[] = []
  const bytes: number[] = []
  const frames: number[] = []
  const idle: number[] = []
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`round ${round} of ${ROUNDS}`)
      const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
      const page = await context.newPage()
      const session = await context.newCDPSession(page)
      const { paintMs, assetBytes } = await load(page, session, address)
      paints.push(paintMs)
      bytes.push(assetBytes / 1024)
      const times = (await frameTimes(page)).sort((a, b) => a - b)
      frames.push(1000 / (times[times.length >> 1] ?? Number.NaN))
      await session.send('Performance.enable')
      const before = await taskSeconds(session)
      await page.waitForTimeout(IDLE_MS)
      idle.push((await taskSeconds(session) - before) / (IDLE_MS / 1000) * 100)
      await context.close()
    }
  } finally {
    await browser.close()
    child.kill('SIGINT')
  }
  return [
    { metric: 'first paint of the viewer', unit: 'ms', samples: paints, goal: { atMost: 1000 } },
    { metric: 'first download, compressed', unit: 'KiB', samples: bytes, goal: { atMost: 350 }, note: 'page, scripts and styles' },
    { metric: 'frames a second, scrolling a million rows', unit: '1/s', samples: frames, goal: { atLeast: 59 }, note: 'median frame of four seconds; headless Chromium without a GPU' },
    { metric: 'CPU of an idle viewer', unit: '%', samples: idle, goal: { atMost: 1 }, note: 'main thread of the page, of one core' },
  ]
}

export const bench: Bench = { name: 'viewer', claim: 'A million messages scroll smoothly in the browser, and an open viewer costs nothing while nothing happens.', run }
