import assert from 'node:assert/strict'
import test from 'node:test'
import { longCapture } from './http-capture.ts'
import { filterBy, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const COUNT = 60_000
/** Rows in sight with those kept ready above and below. */
const MOST_ROWS = 60

const grouped = (count: number): string => new Intl.NumberFormat('en-US').format(count).replaceAll(',', '\u202f')

test('a long list has few rows in the page, and the right ones wherever it is scrolled to', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, longCapture(COUNT))])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()
  await page.getByText(`${grouped(COUNT)} messages`).waitFor()
  for (const share of [0.5, 0.99, 0.01, 0.73]) {
    const first = await page.evaluate((part) => {
      const body = document.querySelector('.list-body')!
      body.scrollTop = Math.floor((body.scrollHeight * part) / 26) * 26
      return body.scrollTop / 26
    }, share)
    await page.getByText(`GET /item/${first + 5}`, { exact: true }).waitFor()
    await page.waitForFunction(() => document.querySelector('.row.waiting') === null)
    assert.ok(await page.locator('.list-rows .row').count() <= MOST_ROWS)
  }

  await t.test('also of a filter', async () => {
    await filterBy(page, 'status_code == 500')
    await page.getByText(`${grouped(COUNT / 100)} of ${grouped(COUNT)}`).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('End')
    await page.getByRole('complementary').getByRole('heading', { name: `GET /item/${COUNT - 100}` }).waitFor()
  })

  await t.test('and a link to one of them finds its place', async () => {
    await page.goto(`${address}?m=31235`)
    await page.locator('.row.selected').getByText('GET /item/31234').waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('on a slow network no answer is shown that was for another question', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, longCapture(300))])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('300 messages').waitFor()
  // Each later answer is faster than the one before it.
  let waitMs = 900
  await page.route(/\/api\/v1\/messages\/\d+$/, async (route) => {
    waitMs = Math.max(0, waitMs - 150)
    await new Promise((resolve) => { setTimeout(resolve, waitMs) })
    await route.continue().catch(() => undefined)
  })
  for (let press = 0; press < 6; press++) await page.keyboard.press('j')
  const selected = await page.locator('.row.selected .cell-what').innerText()
  await page.getByRole('complementary').getByRole('heading', { name: selected }).waitFor()
  await page.waitForFunction(() => document.querySelector('.detail')?.getAttribute('aria-busy') === 'false')
  assert.equal(await page.getByRole('complementary').getByRole('heading').first().innerText(), selected)
  assert.deepEqual(complaints, [])
})
