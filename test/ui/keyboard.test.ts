import assert from 'node:assert/strict'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, pressTogether, startHub, writeCapture } from './viewer.ts'

test('everything can be reached by the keyboard alone', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  const heading = (name: string | RegExp): Promise<void> => page.getByRole('complementary').getByRole('heading', { name, exact: true }).waitFor()
  const press = async (...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key) }

  await t.test('rows: j, k, Home, End, and the rows far away are fetched', async () => {
    await press('j')
    await heading('POST /cart/0/items')
    await press('j', 'j', 'k')
    await heading('POST /cart/1/items')
    await press('End')
    await heading(`GET /cart/${SHOP_MESSAGES - 1}?full=yes`)
    await press('k')
    await heading(`POST /cart/${SHOP_MESSAGES - 2}/items`)
    await press('Home')
    await heading('POST /cart/0/items')
    assert.equal(await page.locator('.row.selected').getAttribute('aria-selected'), 'true')
  })

  await t.test('the message: digits for its tabs, f for the width, Escape to close', async () => {
    await press('1')
    await page.getByRole('tab', { name: 'Request', exact: true, selected: true }).waitFor()
    await press('6')
    await page.getByRole('tab', { name: 'TLS', selected: true }).waitFor()
    await press('f')
    await page.locator('.split.full').waitFor()
    await press('Escape')
    await page.getByRole('complementary').waitFor({ state: 'detached' })
  })

  await t.test('views by g and a letter, the keys by ?', async () => {
    for (const [key, view] of [['m', 'Map'], ['c', 'Check'], ['s', 'Statistics'], ['a', 'Catalog'], ['h', 'Health'], ['l', 'List']] as const) {
      await pressTogether(page, 'g', key)
      await page.getByRole('tab', { name: view, selected: true }).waitFor()
    }
    await press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  await t.test('the filter by /, applied by Enter, left by Escape', async () => {
    await press('/')
    await page.keyboard.type('status_code == 404')
    await press('Enter')
    await page.getByText(`${SHOP_MESSAGES / 10} of ${SHOP_MESSAGES}`).waitFor()
    await press('Escape', 'j')
    await page.getByRole('complementary').getByRole('heading', { name: /full=yes/ }).waitFor()
  })

  await t.test('the theme by t', async () => {
    await press('t')
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light')
    await press('t')
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  })
  assert.deepEqual(complaints, [])
})
