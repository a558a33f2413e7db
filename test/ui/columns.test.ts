import assert from 'node:assert/strict'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { MESH_MESSAGES, meshCapture } from './mesh-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const LONG_NAME = 'ads-delivery-canary-7d9f8c6b54-x2v8q.marketing'

const head = (page: Page, key: string): ReturnType<Page['locator']> => page.locator(`.list-head [data-key=${key}]`)

async function widthOf(page: Page, key: string): Promise<number> {
  return (await head(page, key).boundingBox())!.width
}

/** Drags the edge of a title sideways. */
async function drag(page: Page, key: string, byPx: number): Promise<void> {
  const box = (await head(page, key).locator('.column-edge').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + byPx, y, { steps: 5 })
  await page.mouse.up()
}

const near = (one: number, other: number): boolean => Math.abs(one - other) <= 2

test('columns are as wide as the user makes them', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, meshCapture(), 'mesh.pcapng')])
  const { page, complaints } = await openPage(t, address)
  await page.getByText(`${MESH_MESSAGES} messages`).waitFor()
  await page.locator('.list-rows .cell-to').first().waitFor()

  await t.test('by dragging: the edge is where it was put, and the rows follow their title', async () => {
    const before = await widthOf(page, 'from')
    const edge = (await head(page, 'from').boundingBox())!
    await drag(page, 'from', 90)
    assert.ok(near(await widthOf(page, 'from'), before + 90))
    const after = (await head(page, 'from').boundingBox())!
    assert.ok(near(after.x, edge.x), 'what lies before it stays')
    assert.ok(near((await page.locator('.list-rows .cell-from').first().boundingBox())!.width, after.width))
    assert.equal(await page.locator('.list-body').evaluate((body) => body.scrollWidth > body.clientWidth), false, 'what lies behind it gives way')
  })

  await t.test('they stay so, also when the page is loaded again', async () => {
    const before = await widthOf(page, 'from')
    await page.reload()
    await page.locator('.list-rows .cell-to').first().waitFor()
    assert.ok(near(await widthOf(page, 'from'), before))
  })

  await t.test('a double click on the edge shows all of the longest text in sight', async () => {
    const long = page.locator('.list-rows .cell-to .cut', { hasText: LONG_NAME }).first()
    const isCut = (): Promise<boolean> => long.evaluate((element) => element.scrollWidth > element.clientWidth)
    assert.ok(await isCut(), 'the name is longer than its column')
    await head(page, 'to').locator('.column-edge').dblclick()
    assert.equal(await isCut(), false)
  })

  await t.test('by keyboard: arrows go from title to title, with Shift they change the width, Enter fits, Delete takes it back', async () => {
    await head(page, 'time').focus()
    await page.keyboard.press('ArrowRight')
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.key), 'protocol')
    const before = await widthOf(page, 'protocol')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Shift+ArrowRight')
    assert.ok(near(await widthOf(page, 'protocol'), before + 16))
    await page.keyboard.press('Shift+ArrowLeft')
    assert.ok(near(await widthOf(page, 'protocol'), before + 8))
    await page.keyboard.press('Enter')
    assert.ok(await widthOf(page, 'protocol') < before)
    await page.keyboard.press('Delete')
    assert.ok(near(await widthOf(page, 'protocol'), before))
    assert.equal(await page.getByRole('complementary').count(), 0, 'Enter on a title opens no message')
  })

  await t.test('with more columns than there is room, the list scrolls sideways, titles and rows together', async () => {
    await drag(page, 'what', 900)
    const body = page.locator('.list-body')
    await body.evaluate((element) => { element.scrollLeft = 300 })
    const [title, cell] = [(await head(page, 'elapsed').boundingBox())!, (await page.locator('.list-rows .cell-elapsed').first().boundingBox())!]
    assert.ok(near(title.x, cell.x))
    await page.keyboard.press('End')
    await page.locator('.row.selected').waitFor()
    assert.ok(await page.locator('.row.selected').evaluate((row) => row.getBoundingClientRect().bottom <= document.querySelector('.list-body')!.getBoundingClientRect().bottom + 1))
  })

  await t.test('as at first, all at once', async () => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('button', { name: 'As at first' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('complementary').getByRole('button', { name: 'Close the message' }).click()
    assert.equal(await page.locator('.list-body').evaluate((body) => body.scrollWidth > body.clientWidth), false)
    assert.equal(await page.evaluate(() => localStorage.getItem('mtlscope.widths')), '{}')
  })
  assert.deepEqual(complaints, [])
})

test('widths that somebody else wrote into the browser do no harm', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, meshCapture(), 'mesh.pcapng')])
  const { page, complaints } = await openPage(t, address)
  for (const text of ['{"what":{"px":-5}}', '[1]', '{"what":null}', 'no JSON', '{"nothing":{"px":100}}']) {
    await page.evaluate((value) => localStorage.setItem('mtlscope.widths', value), text)
    await page.reload()
    await page.getByText(`${MESH_MESSAGES} messages`).waitFor()
    await page.locator('.list-rows .cell-what').first().waitFor()
    assert.ok(await widthOf(page, 'what') > 90, text)
  }
  assert.deepEqual(complaints, [])
})
