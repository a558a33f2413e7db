import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

test('a hub that goes away is missed, and found again when it is back', async (t) => {
  if (!needViewer(t)) return
  const path = writeCapture(t, shopCapture())
  const first = await startHub(t, [path])
  const { page } = await openPage(t, first.address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('POST /cart/2/items').click()
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()

  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await page.getByText('✕ no answer').waitFor()
  // What was here stays here.
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()

  await startHub(t, [path], { port: Number(new URL(first.address).port) })
  await page.getByText('■ file').waitFor()
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('POST /cart/4/items').click()
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/4/items' }).waitFor()
  assert.equal(await page.locator('.row.waiting').count(), 0)
})
