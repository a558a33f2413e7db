import assert from 'node:assert/strict'
import test from 'node:test'
import type { Page, Route } from 'playwright-core'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

/** Answers that match wait until they are let go. */
async function holdBack(page: Page, pattern: RegExp): Promise<() => Promise<void>> {
  const held: Route[] = []
  let isOpen = false
  await page.route(pattern, async (route) => {
    if (isOpen) await route.continue()
    else held.push(route)
  })
  return async () => {
    isOpen = true
    await Promise.all(held.map((route) => route.continue().catch(() => undefined)))
  }
}

test('while an answer is on its way every view says so, and shows it when it comes', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()

  for (const [view, shows] of [['map', '.map-node'], ['check', '.check-row'], ['statistics', '.chart canvas'], ['catalog', '.operation-line'], ['health', '.facts']] as const) {
    await t.test(view, async () => {
      const release = await holdBack(page, new RegExp(`/api/v1/(?:${view}|live)\\b`))
      await page.goto(`${address}?view=${view}`)
      await page.getByRole('main').getByRole('progressbar').waitFor()
      assert.equal(await page.locator(shows).count(), 0)
      await release()
      await page.locator(shows).first().waitFor()
      await page.unrouteAll({ behavior: 'ignoreErrors' })
    })
  }

  await t.test('list and message', async () => {
    const release = await holdBack(page, /\/api\/v1\/messages/)
    await page.goto(`${address}?m=3`)
    await page.getByRole('progressbar', { name: 'Searching' }).waitFor()
    await page.getByRole('complementary').getByRole('progressbar').waitFor()
    await release()
    await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })

  await t.test('what is typed before the editor of the filter has been loaded is not lost', async () => {
    const release = await holdBack(page, /\/assets\/filter-editor/)
    await page.goto(address)
    await page.locator('input.filter-plain').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('status_code == 404')
    assert.equal(await page.locator('input.filter-plain').inputValue(), 'status_code == 404')
    await release()
    await page.locator('.filter-editor').waitFor()
    await page.keyboard.type(' && http')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => location.search !== '')
    assert.equal(new URL(page.url()).searchParams.get('q'), 'status_code == 404 && http')
    await page.getByText(`${SHOP_MESSAGES / 10} of ${SHOP_MESSAGES}`).waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('answers that fail are told with the next step, and asked for again by themselves', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page } = await openPage(t, address)
  await page.getByText('■ file').waitFor()
  for (const view of ['map', 'check', 'statistics', 'catalog'] as const) {
    await page.route(new RegExp(`/api/v1/${view}\\b`), (route) => route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'busy', message: 'too many at once', hint: 'it is tried again' }) }))
    await page.goto(`${address}?view=${view}`)
    await page.getByRole('heading', { name: 'too many at once' }).waitFor()
    await page.getByText('it is tried again').waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.getByRole('heading', { name: 'too many at once' }).waitFor({ state: 'detached' })
  }
  await page.locator('.operation-line').first().waitFor()
})
