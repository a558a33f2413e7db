import assert from 'node:assert/strict'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startProgram, writeCapture } from './viewer.ts'

test('an address that others can reach shows nothing without its token', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startProgram(t, ['view', writeCapture(t, shopCapture()), '--host', '0.0.0.0', '--port', '0', '--no-open'])
  const own = address.replace('0.0.0.0', '127.0.0.1')
  const stranger = await openPage(t, own.replace(/#.*/, ''))
  await stranger.page.getByRole('heading', { name: 'a token is needed' }).waitFor()
  await stranger.page.getByText('✕ no token').waitFor()
  assert.equal(await stranger.page.locator('.list-rows .row').count(), 0)

  const { page, complaints } = await openPage(t, own)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  assert.doesNotMatch(page.url(), /token/, 'what is copied from the address bar holds no secret')
  await page.reload()
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('POST /cart/2/items').click()
  await page.getByRole('button', { name: 'Save' }).click()
  const [har] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'HAR' }).click()])
  assert.equal(await har.failure(), null, 'a download has the token, too')
  assert.deepEqual(complaints, [])
})
