import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { need } from '../require.ts'
import { needViewer, openPage, startProgram } from './viewer.ts'

test('live traffic is followed, paused, and caught up with', async (t) => {
  if (!need(t, 'netns', process.getuid?.() === 0, 'the right to capture on lo (root)') || !needViewer(t)) return
  const server = createServer((request, response) => { response.end(request.url) })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const call = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at++) await (await fetch(`http://127.0.0.1:${port}/live/${at}`)).text()
  }
  const { address } = await startProgram(t, ['tap', '-i', 'lo', '--port', String(port), '--ui', '0', '--no-open'])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('● live').waitFor()

  // The ring may open a moment after the address was told.
  let sent = 0
  for (let tries = 0; tries < 200 && await page.locator('.list-rows .row').count() === 0; tries++) {
    await call(sent, sent + 1)
    sent++
    await page.waitForTimeout(100)
  }
  await call(sent, 100)
  await page.getByText('GET /live/99', { exact: true }).waitFor()

  await t.test('paused, nothing moves, and what comes is counted', async () => {
    await page.keyboard.press('p')
    await page.getByText('❚❚ paused').waitFor()
    const before = await page.locator('.list-rows .row').first().innerText()
    await call(100, 150)
    await page.getByRole('button', { name: '50 new ↓' }).waitFor()
    assert.equal(await page.locator('.list-rows .row').first().innerText(), before)
  })

  await t.test('one click later the newest is in sight, and stays so', async () => {
    await page.getByRole('button', { name: '50 new ↓' }).click()
    await page.getByText('GET /live/149', { exact: true }).waitFor()
    await call(150, 160)
    await page.getByText('GET /live/159', { exact: true }).waitFor()
  })

  await t.test('scrolling up pauses', async () => {
    await page.locator('.list-body').hover()
    await page.mouse.wheel(0, -600)
    await page.getByText('❚❚ paused').waitFor()
  })

  await t.test('what comes before the first answer, which was given before it, is not lost', async () => {
    let release = (): void => {}
    const released = new Promise<void>((resolve) => { release = resolve })
    let isFirst = true
    const given = new Promise<void>((resolve) => {
      void page.route(/\/api\/v1\/messages\?/, async (route) => {
        if (!isFirst) return route.continue()
        isFirst = false
        const response = await route.fetch()
        resolve()
        await released
        await route.fulfill({ response })
      })
    })
    await page.goto(address)
    await given
    await page.getByText('● live').waitFor()
    await call(160, 170)
    // Long enough for the rows to come; where it is not, they come after the answer.
    await page.waitForTimeout(2000)
    release()
    await page.getByText('GET /live/169', { exact: true }).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  })
  assert.deepEqual(complaints, [])
})
