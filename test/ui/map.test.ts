import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { MESH_EDGES, MESH_MESSAGES, MESH_NAMESPACES, MESH_SERVICES, meshCapture } from './mesh-capture.ts'
import { filterBy, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

/** CSS pixels that a name on the map is high, whatever it was scaled to. */
const leastNamePx = (page: Page): Promise<number> => page.evaluate(() => Math.min(...[...document.querySelectorAll('.map-name')].map((name) => name.getBoundingClientRect().height)))

test('a mesh of thirty services: grouped, readable, and each edge leads to its messages', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, meshCapture(), 'mesh.pcapng')])
  const { page, complaints } = await openPage(t, `${address}?view=map`)
  const nodes = page.locator('.map-node')
  const edges = page.locator('.map-edge')
  await nodes.first().waitFor()
  assert.equal(await nodes.count(), MESH_SERVICES)
  assert.equal(await edges.count(), MESH_EDGES)

  await t.test('each namespace is a frame around its services, and their names need not repeat it', async () => {
    assert.deepEqual((await page.locator('.map-group text').allTextContents()).sort(), [...MESH_NAMESPACES].sort())
    await page.locator('.map-name', { hasText: /^checkout$/ }).waitFor()
    await page.getByRole('button', { name: /^checkout\.shop: / }).waitFor()
    const inside = await page.evaluate(() => {
      const frame = [...document.querySelectorAll('.map-group')].find((group) => group.querySelector('text')?.textContent === 'money')!.querySelector('rect')!.getBoundingClientRect()
      const node = [...document.querySelectorAll('.map-node')].find((one) => one.textContent.startsWith('ledger.money'))!.getBoundingClientRect()
      return node.left >= frame.left && node.right <= frame.right && node.top >= frame.top && node.bottom <= frame.bottom
    })
    assert.ok(inside)
  })

  await t.test('no service lies on another, names fit into their boxes and can be read', async () => {
    const boxes = await page.evaluate(() => [...document.querySelectorAll('.map-node')].map((node) => {
      const { left, top, right, bottom } = node.querySelector('rect')!.getBoundingClientRect()
      const name = node.querySelector('.map-name')!.getBoundingClientRect()
      return { left, top, right, bottom, fits: name.left >= left && name.right <= right }
    }))
    for (const [at, one] of boxes.entries()) {
      assert.ok(one.fits, `the name of node ${at}`)
      for (const other of boxes.slice(at + 1)) assert.ok(one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top)
    }
    assert.ok(await leastNamePx(page) >= 9)
  })

  await t.test('pointing at an edge dims the rest and says all of it', async () => {
    const edge = page.getByRole('button', { name: /^payments\.money to fraud-detection-scoring-engine-v2\.money: clear on the wire/ })
    await edge.focus()
    await page.locator('.map-card').getByText(/p95/).waitFor()
    assert.equal(await page.locator('.map-node.dim').count(), MESH_SERVICES - 2)
    assert.equal(await page.locator('.map-edge.dim').count(), MESH_EDGES - 1)
    await edge.blur()
    await page.locator('.map-card').waitFor({ state: 'detached' })
  })

  await t.test('keys make it larger, smaller, and bring all of it into sight', async () => {
    const before = await leastNamePx(page)
    await page.keyboard.press('+')
    await page.waitForFunction((px) => document.querySelector('.map-name')!.getBoundingClientRect().height > px, before)
    await page.keyboard.press('0')
    await page.waitForFunction(() => {
      const view = document.querySelector('.map-svg')!.getBoundingClientRect()
      return [...document.querySelectorAll('.map-node')].every((node) => {
        const box = node.getBoundingClientRect()
        return box.left >= view.left && box.right <= view.right && box.top >= view.top && box.bottom <= view.bottom
      })
    })
  })

  await t.test('it follows the filter and the range of time', async () => {
    await filterBy(page, 'to.endsWith(".money")')
    await page.waitForFunction((most) => document.querySelectorAll('.map-edge').length < most, MESH_EDGES)
    assert.ok((await edges.evaluateAll((all) => all.map((edge) => edge.querySelector('title')!.textContent))).every((title) => /to [\w-]+\.money:/.test(title)))
    await filterBy(page, '')
    await page.waitForFunction((count) => document.querySelectorAll('.map-edge').length === count, MESH_EDGES)
    // The first requests of the capture are those of its first edge.
    const { firstMicros } = await (await page.request.get(`${address}api/v1/capture`)).json() as { firstMicros: number }
    await page.goto(`${address}?view=map&to=${firstMicros + 5000}`)
    await page.waitForFunction(() => document.querySelectorAll('.map-edge').length === 1)
  })

  await t.test('an edge leads to its messages, by keyboard', async () => {
    await page.goto(`${address}?view=map`)
    await page.getByRole('button', { name: /^payments\.money to fraud/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(`3 of ${MESH_MESSAGES}`).waitFor()
    assert.match(new URL(page.url()).searchParams.get('q') ?? '', /from == "payments\.money" && to == "fraud-detection/)
  })

  await t.test('the picture that is saved has all of them, in the colours in sight', async () => {
    await page.goto(`${address}?view=map`)
    await nodes.first().waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'SVG' }).click()])
    const svg = readFileSync(await download.path(), 'utf8')
    assert.equal(svg.split('class=').length, 1, 'it needs no style sheet')
    for (const name of ['checkout', 'ingress-gateway', 'fraud-detection-scoring-engine-v2.money']) assert.ok(svg.includes(name), name)
  })
  assert.deepEqual(complaints, [])
})
