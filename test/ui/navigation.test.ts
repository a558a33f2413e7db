import assert from 'node:assert/strict'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { meshCapture } from './mesh-capture.ts'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { announced, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const pressed = (page: Page, name: string): ReturnType<Page['getByRole']> => page.getByRole('button', { name, exact: true, pressed: true })

test('the address is all that a colleague needs: view, filter, message, tab, grouping, what is unfolded', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()

  await t.test('statistics by path, and the group that was chosen', async () => {
    await page.getByRole('tab', { name: 'Statistics' }).click()
    await page.getByRole('button', { name: 'path', exact: true }).click()
    await page.getByRole('button', { name: /^GET \/cart/ }).click()
    await page.getByRole('figure', { name: /^Requests of GET \/cart/ }).waitFor()
    const { page: other } = await openPage(t, page.url())
    await pressed(other, 'path').waitFor()
    await other.getByRole('figure', { name: /^Requests of GET \/cart/ }).waitFor()
    await other.getByRole('row', { name: /^GET \/cart/ }).getByRole('button', { name: 'messages' }).click()
    await other.getByText(`${SHOP_MESSAGES / 10} of ${SHOP_MESSAGES}`).waitFor()
  })

  await t.test('a message with its tab; the key y copies the address', async () => {
    await page.goto(`${address}?m=7&tab=timing`)
    await page.getByRole('tab', { name: 'Timing', selected: true }).waitFor()
    await page.getByRole('complementary').getByText('Waiting').waitFor()
    await announced(page, /copied the address/, () => page.keyboard.press('y'))
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${address}?m=7&tab=timing`)
  })

  await t.test('a tab stays when the selection moves, and where it has nothing to show another one does', async () => {
    await page.keyboard.press('j')
    await page.waitForFunction(() => location.search.includes('m=8'))
    await page.getByRole('tab', { name: 'Timing', selected: true }).waitFor()
  })

  await t.test('an address that makes no sense shows the list', async () => {
    await page.goto(`${address}?view=nowhere&tab=9&from=soon&compare=a,b&by=weather&m=x`)
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('with a filter that cannot be understood everything else goes on', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page } = await openPage(t, `${address}?q=${encodeURIComponent('http && ((')}`)
  for (const view of ['List', 'Map', 'Check', 'Statistics', 'Catalog']) {
    await page.getByRole('tab', { name: view }).click()
    await page.getByRole('heading', { name: 'The filter cannot be understood' }).waitFor()
  }
  await page.getByRole('tab', { name: 'Health' }).click()
  await page.getByRole('heading', { name: 'Lost or broken' }).waitFor()
  await page.locator('.status-line').getByText(/packets/).waitFor()
  await page.getByRole('tab', { name: 'Map' }).click()
  await page.getByRole('button', { name: 'Without a filter' }).click()
  await page.locator('.map-node').first().waitFor()
})

test('nothing passes: each view says what hides it, and one click shows all', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()
  for (const [view, title] of [['map', 'Nobody called anybody'], ['check', 'There is no edge to judge'], ['statistics', 'There is nothing to count'], ['catalog', 'No API was seen']] as const) {
    await page.goto(`${address}?view=${view}&q=${encodeURIComponent('path == "/nowhere"')}`)
    await page.getByRole('heading', { name: title }).waitFor()
    await page.getByText('path == "/nowhere"').last().waitFor()
    await page.getByRole('button', { name: 'Without the filter' }).click()
    await page.getByRole('heading', { name: title }).waitFor({ state: 'detached' })
  }
  assert.deepEqual(complaints, [])
})

for (const [width, height] of [[1280, 720], [1000, 700], [760, 560]] as const) {
  test(`nothing sticks out of a page of ${width} × ${height}`, async (t) => {
    if (!needViewer(t)) return
    const { address } = await startHub(t, [writeCapture(t, meshCapture(), 'a-capture-with-a-long-name-that-says-where-it-is-from.pcapng')])
    const { page, complaints } = await openPage(t, address, { width, height })
    await page.getByText('■ file').waitFor()
    for (const place of ['', '?m=3', '?m=3&tab=both', '?m=3&tab=packets', '?view=map', '?view=check', '?view=statistics&by=path', '?view=catalog', '?view=health']) {
      await page.goto(address + place)
      await page.waitForFunction(() => document.querySelector('.progress') === null && document.querySelector('.status-line button') !== null)
      const outside = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.masthead button, .view-bar button, .detail-head button, .detail .tabs button, .status-line')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 || element.getBoundingClientRect().bottom > innerHeight + 1).map((element) => element.textContent))
      assert.deepEqual(outside, [], place)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), place)
    }
    assert.deepEqual(complaints, [])
  })
}
