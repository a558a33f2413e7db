import assert from 'node:assert/strict'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { filterBy, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const ERRORS = SHOP_MESSAGES / 10

const queryOf = (page: Page): string => new URL(page.url()).searchParams.get('q') ?? ''

test('one filter for all views: checked, completed, in the address, fed by clicks', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  const editor = page.getByRole('textbox', { name: 'Filter' })

  await t.test('Enter applies it, the address has it, and the address brings it back', async () => {
    await filterBy(page, 'status_code >= 400')
    await page.getByText(`${ERRORS} of ${SHOP_MESSAGES}`).waitFor()
    assert.equal(queryOf(page), 'status_code >= 400')
    const again = await openPage(t, page.url())
    await again.page.getByText(`${ERRORS} of ${SHOP_MESSAGES}`).waitFor()
    await page.goBack()
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  })

  await t.test('a wrong filter is underlined where it is wrong, and said why', async () => {
    await editor.click()
    await page.keyboard.type('http && nonsense == 1')
    await page.getByRole('alert').waitFor()
    await page.waitForFunction(() => document.querySelector('.filter-editor')?.shadowRoot?.querySelector('.cm-problem')?.textContent?.includes('nonsense') === true)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('http')
    await page.getByRole('alert').waitFor({ state: 'detached' })
  })

  await t.test('fields and values are completed', async () => {
    await page.keyboard.press('Control+a')
    await page.keyboard.type('status_c')
    await page.getByRole('option', { name: /status_code/ }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type(' == ')
    await page.getByRole('option', { name: /404/ }).click()
    await page.keyboard.press('Enter')
    await page.getByText(`${ERRORS} of ${SHOP_MESSAGES}`).waitFor()
    assert.equal(queryOf(page), 'status_code == 404')
  })

  await t.test('a click on a value adds it, with Alt it is excluded', async () => {
    await filterBy(page, '')
    await page.getByText('POST /cart/2/items').click()
    const detail = page.getByRole('complementary')
    await detail.getByRole('button', { name: '201', exact: true }).click()
    await page.waitForFunction(() => location.search.includes('response.status'))
    assert.equal(queryOf(page), 'response.status == 201')
    await detail.getByRole('tab', { name: 'Request', exact: true }).click()
    await detail.getByRole('button', { name: 'r2', exact: true }).click({ modifiers: ['Alt'] })
    await page.waitForFunction(() => location.search.includes('X-Request'))
    assert.equal(queryOf(page), 'response.status == 201 && request.headers["X-Request"] != "r2"')
    await page.getByText(`${SHOP_MESSAGES - ERRORS - 2} of ${SHOP_MESSAGES}`).waitFor()
  })

  await t.test('a value within a JSON body is a condition, too', async () => {
    await page.keyboard.press('Escape')
    await filterBy(page, '')
    await page.getByText('POST /cart/2/items').click()
    await page.getByRole('complementary').getByRole('button', { name: '"tea-2"' }).click()
    await page.getByText(`1 of ${SHOP_MESSAGES}`).waitFor()
  })

  await t.test('rows have their plus', async () => {
    await filterBy(page, '')
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
    const cell = page.locator('.cell-status').nth(3)
    await cell.hover()
    await cell.getByRole('button', { name: 'Add to the filter' }).click()
    await page.waitForFunction(() => location.search.includes('status_code'))
  })

  await t.test('filters are kept, and found again among those used lately', async () => {
    await page.getByRole('button', { name: /Filters kept/ }).click()
    await page.getByRole('menuitem', { name: /Keep this filter/ }).click()
    await filterBy(page, '')
    await page.reload()
    await page.getByRole('button', { name: /Filters kept/ }).click()
    await page.getByRole('menuitem', { name: /★ status_code == / }).click()
    await page.waitForFunction(() => location.search.includes('status_code'))
  })

  await t.test('nothing passes: it says so, and the way out', async () => {
    await filterBy(page, 'status_code == 999')
    await page.getByRole('heading', { name: /^None of/ }).waitFor()
    await page.getByRole('button', { name: 'Without the filter' }).click()
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  })
  assert.deepEqual(complaints.filter((text) => !/status of 400/.test(text)), [])
})
