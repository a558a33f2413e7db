import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { MESH_MESSAGES, meshCapture } from './mesh-capture.ts'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding { readonly id: string, readonly impact: string, readonly nodes: readonly { readonly html: string, readonly failureSummary: string }[] }

/** Serious and critical findings of axe on the page as it is; `rules`: only these. */
async function seriousFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  // By the inspector, which the page's Content-Security-Policy does not bind.
  await page.evaluate(AXE)
  const findings = await page.evaluate(async (only) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Finding[] }> } }
    return (await axe.run({ resultTypes: ['violations'], ...only === undefined ? {} : { runOnly: only } })).violations
  }, rules)
  return findings.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join('\n')}`)
}

// Colours are all that differs between the themes.
for (const [theme, rules] of [['light', undefined], ['dark', ['color-contrast']]] as const) {
  test(`axe finds nothing serious in any view, ${theme}`, async (t) => {
    if (!needViewer(t)) return
    const { address } = await startHub(t, [writeCapture(t, shopCapture())])
    const { page, complaints } = await openPage(t, address, { theme })
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
    for (const place of ['', '?m=3&tab=request', '?m=3&tab=both', '?m=3&tab=stream', '?m=3&tab=timing', '?m=3&tab=tls', '?m=3&tab=packets', '?m=3&compare=3,4', '?view=map', '?view=check', '?view=statistics', '?view=catalog', '?view=health', '?q=status_code==1']) {
      await page.goto(address + place)
      await page.locator('.shell').waitFor()
      await page.waitForFunction(() => document.querySelector('.progress') === null)
      assert.deepEqual(await seriousFindings(page, rules), [], place)
    }
    await page.goto(address)
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    assert.deepEqual(await seriousFindings(page, rules), [], 'keys')
    assert.deepEqual(complaints, [])
  })
}

/** What lies over the page, and how it is opened. */
const OVER: readonly (readonly [name: string, place: string, open: (page: Page) => Promise<void>])[] = [
  ['filters', '', async (page) => { await page.getByRole('button', { name: 'Filters kept' }).click() }],
  ['help on the filter', '', async (page) => {
    await page.getByRole('button', { name: 'Filters kept' }).click()
    await page.getByRole('menuitem', { name: 'Fields and examples…' }).click()
    await page.getByRole('dialog').getByText('path.contains').first().waitFor()
  }],
  ['a wrong filter', '', async (page) => {
    await page.keyboard.press('/')
    await page.keyboard.type('nonsense == 1 ')
    await page.getByRole('alert').waitFor()
  }],
  ['range of time', '', async (page) => {
    await page.getByTitle('Range of time').click()
    await page.getByRole('menuitem', { name: 'From … to …' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['export', '', async (page) => { await page.getByRole('button', { name: 'Export' }).click() }],
  ['columns', '', async (page) => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['replay', '?m=3&tab=request', async (page) => {
    await page.getByRole('button', { name: 'Replay…' }).click()
    await page.getByRole('dialog').getByLabel('Path').waitFor()
  }],
  ['comparing captures', '?view=statistics', async (page) => {
    await page.getByRole('button', { name: /Compare captures/ }).click()
    await page.getByLabel('Filter there').fill('method == "GET"')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByRole('dialog').getByText('= same').first().waitFor()
  }],
  ['an unfolded edge', '?view=check', async (page) => { await page.locator('.check-row button').first().click() }],
  ['an unfolded operation', '?view=catalog', async (page) => { await page.locator('.operation-line').first().click() }],
  ['an edge that is pointed at', '?view=map', async (page) => { await page.locator('.map-edge').first().focus() }],
]

for (const theme of ['light', 'dark'] as const) {
  test(`nor in any menu, dialog, or what unfolds, ${theme}`, async (t) => {
    if (!needViewer(t)) return
    const { address } = await startHub(t, [writeCapture(t, meshCapture(), 'mesh.pcapng')])
    const { page, complaints } = await openPage(t, address, { theme })
    await page.getByText(`${MESH_MESSAGES} messages`).waitFor()
    for (const [name, place, open] of OVER) {
      await page.goto(address + place)
      await page.waitForFunction(() => document.querySelector('.progress') === null && document.querySelector('.filter-editor') !== null)
      await open(page)
      assert.deepEqual(await seriousFindings(page, theme === 'light' ? undefined : ['color-contrast']), [], name)
    }
    assert.deepEqual(complaints, [])
  })
}
