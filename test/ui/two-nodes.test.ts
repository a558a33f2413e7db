import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessagesPage } from '../../src/model/api.ts'
import { ROOT, WAIT_MS, needViewer, openPage } from './viewer.ts'

const HUB = `${ROOT}test/cli/two-nodes-hub.ts`
const CALLS = 300
/** Until a key is pressed again. */
const LOOK_MS = 4000

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const start = performance.now(); ;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - start > WAIT_MS) throw new Error(`${what}: never`)
    await sleep(50)
  }
}

test('a request between two nodes is one row, with both nodes; rows stay under the eyes of who looks, and keys move from row to row', async (t) => {
  if (!needViewer(t)) return
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-'))
  const child = spawn(process.execPath, [HUB], { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: folder } })
  t.after(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  const address = await until('its viewer', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
    return /viewer (http:\/\/\S+)/.exec(said)?.[1]
  })
  const add = (from: number, count: number): void => void child.stdin.write(`${from} ${count}\n`)
  add(0, CALLS)
  await until('all are joined', async () => {
    const { rows } = await (await fetch(`${address}api/v1/messages?q=http&hops=joined&limit=1000`)).json() as MessagesPage
    return rows.filter(({ way }) => way?.nodes !== undefined).length === CALLS ? true : undefined
  })
  const { page } = await openPage(t, `${address}?q=http`)
  const rowOf = (n: number) => page.locator('.row', { hasText: new RegExp(`GET /cart/${n}\\D`) })
  const [newest] = await until('the newest is one row', async () => {
    const texts = await rowOf(CALLS - 1).allInnerTexts()
    return texts.length === 1 ? texts : undefined
  })
  assert.match(newest!, /web @ node-a[\s\S]*cart\S* @ node-b/)

  // Up through all of them, each is there once.
  const seen = new Map<string, number>()
  const list = page.locator('.list-body')
  await list.focus()
  await page.keyboard.press('Home')
  await rowOf(0).waitFor()
  for (let n = 0; n < 20; n++) {
    const texts = await page.locator('.row .cell-what').allInnerTexts()
    for (const text of new Set(texts)) seen.set(text, Math.max(seen.get(text) ?? 0, texts.filter((other) => other === text).length))
    await page.keyboard.press('ArrowDown')
  }
  assert.deepEqual([...seen.values()].filter((count) => count !== 1), [])
  await page.locator('.row.selected', { hasText: /GET \/cart\/20\D/ }).waitFor()
  await page.keyboard.press('End')
  await page.locator('.row.selected', { hasText: new RegExp(`GET /cart/${CALLS - 1}\\D`) }).waitFor()

  add(CALLS, 5)
  // On a busy machine a node may be taken for lost for a moment, and the list is another one then; and who presses the key too often asks anew before an answer is there.
  await until('the newest is there, as one row', async () => {
    await page.keyboard.press('End')
    await rowOf(CALLS + 4).first().waitFor({ timeout: LOOK_MS }).catch(() => undefined)
    for (const start = performance.now(); performance.now() - start < LOOK_MS; await sleep(50)) {
      const texts = await rowOf(CALLS + 4).allInnerTexts()
      if (texts.length === 1 && /node-b/.test(texts[0]!)) return true
    }
    return undefined
  })

  await page.goto(`${address}?view=map`)
  await page.locator('.map-node', { hasText: 'cart' }).filter({ hasText: `${CALLS + 5} in` }).waitFor()
  await page.goto(`${address}?view=statistics&q=http`)
  await page.locator('.group-table tr', { hasText: 'cart' }).filter({ hasText: String(CALLS + 5) }).waitFor()

  child.stdin.write('stop\n')
  await page.goto(`${address}?view=health`)
  await page.getByText('1 of 2 does not answer: its traffic is missing in every view.').waitFor()
  await page.locator('.status-line .cut', { hasText: 'node node-b: no answer since' }).waitFor()
  // However long that is, the rest stays on the screen.
  await page.setViewportSize({ width: 700, height: 600 })
  const right = await page.locator('.status-line, .masthead').evaluateAll((all) => Math.max(...all.map((one) => one.getBoundingClientRect().right)))
  assert.equal(right, 700)
})
