import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { freePorts } from '../free-ports.ts'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

test('a hub that goes away is missed, and found again when it is back', async (t) => {
  if (!needViewer(t)) return
  const path = writeCapture(t, shopCapture())
  // One that no connection of the browser takes while nobody listens.
  const [port] = await freePorts(1)
  const first = await startHub(t, [path], { port: port! })
  const { page } = await openPage(t, first.address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('POST /cart/2/items').click()
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()

  // The other views are fetched while nothing else is to be done.
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, duration }) => /map-view/.test(name) && duration > 0))
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await page.getByText('✕ no answer').waitFor()
  // What was here stays here.
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/2/items' }).waitFor()

  await t.test('other views say that there is no answer, and what to do', async () => {
    await page.getByRole('tab', { name: 'Map' }).click()
    await page.getByRole('heading', { name: 'mtlscope does not answer' }).waitFor()
    await page.getByText('the page goes on by itself').waitFor()
  })

  await startHub(t, [path], { port: port! })
  await t.test('the view goes on by itself', async () => {
    await page.locator('.map-node').first().waitFor()
    await page.getByText('■ file').waitFor()
    await page.getByRole('tab', { name: 'List' }).click()
  })
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  await page.getByText('POST /cart/4/items').click()
  await page.getByRole('complementary').getByRole('heading', { name: 'POST /cart/4/items' }).waitFor()
  assert.equal(await page.locator('.row.waiting').count(), 0)
})
