import assert from 'node:assert/strict'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

/** Exchanges of the shop are ten milliseconds apart. */
const APART_MICROS = 10_000

test('the range of time holds for all views, and is told in UTC or by the clock of the browser', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address, { timezoneId: 'Asia/Kolkata' })
  await page.getByText('■ file').waitFor()
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  const open = async (item: string | RegExp): Promise<void> => {
    await page.getByTitle('Range of time').click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  const dialog = page.getByRole('dialog', { name: 'Range of time' })

  await t.test('from … to …: filled with the whole capture, its times of microseconds', async () => {
    await open('From … to …')
    assert.match(await dialog.getByLabel('From').inputValue(), /^2026-09-21 \d\d:\d\d:\d\d\.\d{6}$/)
    const to = dialog.getByLabel('To', { exact: true })
    const [day, time] = (await dialog.getByLabel('From').inputValue()).split(' ')
    await to.fill(`${day} ${time!.slice(0, 9)}${String(Number(time!.slice(9)) + APART_MICROS * 12).padStart(6, '0')}`)
    await dialog.getByRole('button', { name: 'Show' }).click()
    await page.getByText(`12 of ${SHOP_MESSAGES}`).waitFor()
    assert.match(page.url(), /from=\d+&to=\d+/)
  })

  await t.test('other views keep it, and "back" takes it away', async () => {
    await page.getByRole('tab', { name: 'Statistics' }).click()
    await page.getByRole('row', { name: /^all 12 / }).waitFor()
    await page.getByRole('tab', { name: 'List' }).click()
    await page.goBack()
    await page.goBack()
    await page.goBack()
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  })

  await t.test('what is no time, and an end before its beginning, cannot be shown', async () => {
    await open('From … to …')
    await dialog.getByLabel('From').fill('yesterday')
    await dialog.getByRole('alert').waitFor()
    assert.ok(await dialog.getByRole('button', { name: 'Show' }).isDisabled())
    await dialog.getByLabel('From').fill('2026-09-22 10:00')
    await dialog.getByLabel('To', { exact: true }).fill('2026-09-22 09:00')
    await dialog.getByRole('alert').waitFor()
    await page.keyboard.press('Escape')
  })

  await t.test('the last minute of a file ends where the file ends', async () => {
    await open('Last minute')
    await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
    await open('All time')
    await page.waitForFunction(() => !/from=/.test(location.search))
  })

  await t.test('by the clock of the browser, half an hour off and all', async () => {
    const utc = await page.locator('.list-rows .cell-time').first().innerText()
    await page.getByRole('button', { name: 'UTC', exact: true }).click()
    await page.getByRole('button', { name: 'local', exact: true }).waitFor()
    const local = await page.locator('.list-rows .cell-time').first().innerText()
    const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))
    assert.equal((minutes(local) - minutes(utc) + 1440) % 1440, 330)
    await page.locator('.list-rows .row').first().click()
    await page.getByRole('complementary').getByText(/\+05:30/).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'local', exact: true }).waitFor()
  })
  assert.deepEqual(complaints, [])
})
