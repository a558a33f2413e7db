import assert from 'node:assert/strict'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

test('the list shows every message, and the detail of the one that is chosen', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('■ file').waitFor()
  const grid = page.getByRole('grid', { name: 'Messages' })
  assert.equal(await grid.getAttribute('aria-rowcount'), String(SHOP_MESSAGES + 1), 'with the titles')

  await t.test('a click opens the message; its address opens it again', async () => {
    await grid.getByText('POST /cart/2/items').click()
    const detail = page.getByRole('complementary', { name: 'Message' })
    await detail.getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()
    await detail.getByRole('tab', { name: 'Request', exact: true }).click()
    await detail.getByRole('button', { name: 'r2', exact: true }).waitFor()
    const again = await openPage(t, page.url())
    await again.page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()
    assert.equal(await again.page.locator('.row.selected').count(), 1)
  })

  await t.test('a JSON body folds, and shows as text and as bytes', async () => {
    const detail = page.getByRole('complementary', { name: 'Message' })
    await detail.getByText('"tea-2"').waitFor()
    await detail.getByRole('button', { name: 'nested: fold' }).click()
    await detail.getByText('{ 2 members }').waitFor()
    await detail.getByRole('button', { name: 'raw' }).click()
    await detail.getByText('{"sku":"tea-2"').waitFor()
    await detail.getByRole('button', { name: 'hex' }).click()
    await detail.getByText('7b 22 73 6b').waitFor()
    await detail.getByRole('button', { name: 'pretty' }).click()
  })

  await t.test('every tab has something to say', async () => {
    const detail = page.getByRole('complementary', { name: 'Message' })
    const shows: readonly (readonly [string, RegExp])[] = [
      ['Response', /Created/], ['Both', /application\/json/], ['Stream', /1 message/], ['Timing', /Waiting/], ['TLS', /encryption/], ['Packets', /Save for Wireshark|packets/i],
    ]
    for (const [tab, pattern] of shows) {
      await detail.getByRole('tab', { name: tab, exact: true }).click()
      await detail.getByRole('tabpanel').getByText(pattern).first().waitFor()
    }
  })

  await t.test('a picture is shown as one', async () => {
    await grid.getByText('GET /logo.png').click()
    await page.getByRole('tab', { name: 'Response' }).click()
    const picture = page.getByAltText('The body, a picture')
    await picture.waitFor()
    assert.match(await picture.getAttribute('src') ?? '', /^blob:/)
    await page.waitForFunction(() => (document.querySelector('img.picture') as HTMLImageElement | null)?.naturalWidth === 1)
  })

  await t.test('query and cookies are taken apart', async () => {
    await grid.getByText('GET /cart/9?full=yes').click()
    await page.getByRole('tab', { name: 'Request', exact: true }).click()
    await page.getByRole('row', { name: 'full yes' }).waitFor()
    await page.getByRole('button', { name: '[redacted]' }).waitFor()
  })

  await t.test('columns are chosen by the user and stay so', async () => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByLabel('Server address').check()
    await page.keyboard.press('Escape')
    await page.locator('.list-head').getByText('Server address').waitFor()
    await page.reload()
    await page.locator('.list-head').getByText('Server address').waitFor()
  })
  assert.deepEqual(complaints, [])
})
