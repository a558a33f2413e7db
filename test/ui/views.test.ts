import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

test('map, check, statistics, catalog and health show the capture', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()

  await t.test('the map has the services, and an edge leads to its messages', async () => {
    await page.getByRole('tab', { name: 'Map' }).click()
    const edge = page.getByRole('button', { name: /10\.1\.0\.1 to 10\.1\.0\.2.*clear on the wire/ })
    await edge.waitFor()
    await page.getByRole('button', { name: /10\.1\.0\.3: .* in/ }).waitFor()
    for (const format of ['SVG', 'PNG']) {
      await page.getByRole('button', { name: 'Save' }).click()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: format }).click()])
      const content = readFileSync(await download.path())
      assert.ok(format === 'SVG' ? content.includes('10.1.0.2') : content.subarray(1, 4).toString() === 'PNG', format)
    }
    await edge.focus()
    await page.keyboard.press('Enter')
    await page.getByText(`${SHOP_MESSAGES / 3 * 2} of ${SHOP_MESSAGES}`).waitFor()
  })

  await t.test('the check says what the wire proves, and unfolds into evidence', async () => {
    await page.goto(`${address}?view=check`)
    const row = page.getByRole('button', { name: /10\.1\.0\.1.*10\.1\.0\.2/ })
    await row.click()
    assert.equal(await row.getAttribute('aria-expanded'), 'true')
    await page.locator('.check-evidence .evidence li').first().waitFor()
    await page.getByText('clear on the wire').first().waitFor()
    await page.getByRole('button', { name: 'Save the report' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Text' }).click()])
    assert.match(readFileSync(await download.path(), 'utf8'), /10\.1\.0\.1 → 10\.1\.0\.2/)
  })

  await t.test('statistics: groups in a table, one of them in the charts, a range by dragging', async () => {
    await page.goto(`${address}?view=statistics`)
    await page.locator('.chart canvas').first().waitFor()
    await page.getByRole('button', { name: 'outcome' }).click()
    await page.getByRole('button', { name: 'client-error' }).click()
    await page.getByRole('figure', { name: 'Requests of client-error' }).waitFor()
    const over = page.locator('.chart .u-over').first()
    const box = await over.boundingBox()
    assert.ok(box !== null)
    await page.mouse.move(box.x + box.width * 0.25, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 5 })
    await page.mouse.up()
    await page.waitForFunction(() => /from=\d+/.test(location.search) && /to=\d+/.test(location.search))
  })

  await t.test('the catalog describes a service, and the document can be downloaded', async () => {
    await page.goto(`${address}?view=catalog`)
    await page.getByRole('button', { name: /POST .*cart/ }).first().click()
    await page.getByRole('heading', { name: /^201/ }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
    const document = JSON.parse(readFileSync(await download.path(), 'utf8')) as { openapi: string, paths: object }
    assert.match(document.openapi, /^3\.1/)
    assert.ok(Object.keys(document.paths).length > 0)
  })

  await t.test('health counts what was seen and lost', async () => {
    await page.goto(`${address}?view=health`)
    await page.getByRole('heading', { name: 'Lost or broken' }).waitFor()
    await page.getByText('Dropped by the kernel').waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('an empty capture says why it is empty, in every view', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture().subarray(0, 24))])
  const { page, complaints } = await openPage(t, address)
  await page.getByRole('heading', { name: 'No messages were found' }).waitFor()
  await page.locator('.advice li').first().waitFor()
  for (const view of ['map', 'check', 'statistics', 'catalog']) {
    await page.goto(`${address}?view=${view}`)
    await page.getByRole('button', { name: /Health/ }).waitFor()
  }
  assert.deepEqual(complaints, [])
})
