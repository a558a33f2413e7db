import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { need } from '../require.ts'
import { missingForDemo } from '../netns/demo.fixture.ts'
import { needViewer, openPage, pressTogether, startProgram } from './viewer.ts'

test('the live demo: each request once from workload to workload, and all of its hops where they are asked for', async (t) => {
  if (!need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '') || !needViewer(t)) return
  const { address, child } = await startProgram(t, ['demo', '--ui', '0', '--rate', '8'])
  const { page, complaints } = await openPage(t, address)
  const row = page.locator('.list-rows .row')
  const mutual = row.filter({ hasText: /(GET|POST) \/cart/ }).filter({ hasText: 'mTLS, inferred' })
  await mutual.first().waitFor()
  await row.filter({ hasText: 'ads' }).filter({ hasText: 'clear on the wire' }).first().waitFor()
  await page.getByRole('button', { name: 'All hops', pressed: false }).waitFor()
  assert.equal(await row.filter({ hasText: 'clear, inside the pod' }).count(), 0)

  await t.test('the detail has the hops, from app to app', async () => {
    // Paused, so that rows stay where they are.
    await page.keyboard.press('p')
    await page.getByText('❚❚ paused').waitFor()
    await mutual.first().click()
    const hops = page.getByRole('group', { name: 'Hops of this request' })
    await hops.waitFor()
    assert.deepEqual(await hops.locator('.stop').allInnerTexts(), ['web', 'sidecar', 'sidecar', 'cart'])
    await page.keyboard.press('Escape')
  })

  await t.test('a click on who sent it filters by that', async () => {
    // One that is wholly in sight: above and below it are others, kept ready.
    const id = await mutual.evaluateAll((found) => {
      const { top, bottom } = document.querySelector('.list-body')!.getBoundingClientRect()
      return found.find((one) => one.getBoundingClientRect().top > top + 50 && one.getBoundingClientRect().bottom < bottom - 50)?.id
    })
    const cell = page.locator(`#${id} .cell-from`)
    await cell.hover()
    await cell.getByRole('button', { name: 'Add to the filter' }).click()
    await page.waitForURL(/q=from/)
    await page.goBack()
  })

  await t.test('all hops, and back, by key and by click', async () => {
    await page.locator('.list-body').focus()
    await page.keyboard.press('a')
    await page.waitForURL(/hops=all/)
    await row.filter({ hasText: 'clear, inside the pod' }).first().waitFor()
    await page.getByRole('button', { name: 'All hops', pressed: true }).click()
    await mutual.first().waitFor()
    assert.doesNotMatch(page.url(), /hops=/)
  })

  await t.test('a filter that names a hop shows hops, and says so', async () => {
    await page.goto(`${address}?q=${encodeURIComponent('netns == "cart"')}`)
    await row.filter({ hasText: 'clear, inside the pod' }).first().waitFor()
    await page.getByTitle(/the filter names a hop/).waitFor()
  })

  for (const theme of ['light', 'dark'] as const) {
    await t.test(`every view follows what happens, ${theme}`, async () => {
      const live = await openPage(t, `${address}?view=map`, { theme })
      const view = live.page
      await view.getByRole('button', { name: /^web to cart: mTLS, inferred/ }).waitFor()
      await view.getByRole('button', { name: /^web to ads: clear on the wire/ }).waitFor()
      const calls = async (): Promise<number> => Number(/([\d\s]+) request/.exec(await view.locator('.map-edge title').first().textContent() ?? '')?.[1]?.replaceAll(/\s/g, ''))
      const before = await calls()
      await view.waitForFunction((count) => Number(/([\d\s]+) request/.exec(document.querySelector('.map-edge title')?.textContent ?? '')?.[1]?.replaceAll(/\s/g, '')) > count, before)

      await pressTogether(view, 'g', 'c')
      await view.getByRole('button', { name: /web → ads/ }).click()
      await view.getByText('HTTP/1 was read on the wire').waitFor()
      await view.getByRole('row', { name: /cart → stock.*mTLS, inferred/ }).waitFor()

      await pressTogether(view, 'g', 's')
      const total = view.locator('.group-table tbody tr').first().locator('.number').first()
      await total.waitFor()
      const first = await total.innerText()
      await view.waitForFunction((text) => (document.querySelector('.group-table tbody .number') as HTMLElement).innerText !== text, first)

      await pressTogether(view, 'g', 'a')
      await view.locator('.catalog-services').getByText('cart', { exact: true }).click()
      await view.locator('.operation-line', { hasText: /\/cart\/\{/ }).first().waitFor()

      await pressTogether(view, 'g', 'h')
      await view.getByRole('row', { name: /✓ captured/ }).nth(2).waitFor()
      await view.locator('.status-line').getByText(/3 of 3 namespaces/).waitFor()
      assert.deepEqual(live.complaints, [])
    })
  }
  assert.deepEqual(complaints, [])
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
  child.kill('SIGINT')
  await ended
})
