import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { httpCapture, httpText } from './http-capture.ts'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { announced, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

test('messages are copied, marked, compared, exported', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText(`${SHOP_MESSAGES} messages`).waitFor()
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())

  await t.test('as cURL, as JSON', async () => {
    await page.getByText('POST /cart/2/items').click()
    await page.getByRole('button', { name: 'Copy as' }).click()
    await announced(page, /^copied as cURL/, () => page.getByRole('menuitem', { name: 'cURL' }).click())
    assert.match(await clipboard(), /^curl .*\/cart\/2\/items/s)
    await page.getByRole('button', { name: 'Copy as' }).click()
    await announced(page, 'copied as JSON', () => page.getByRole('menuitem', { name: 'JSON' }).click())
    assert.equal((JSON.parse(await clipboard()) as { what: string }).what, 'POST /cart/2/items')
  })

  await t.test('one as HAR, all of a filter as lines of JSON, with its packets', async () => {
    await page.getByRole('button', { name: 'Save' }).click()
    const [har] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'HAR' }).click()])
    assert.equal((JSON.parse(readFileSync(await har.path(), 'utf8')) as { log: { entries: unknown[] } }).log.entries.length, 1)
    await page.getByRole('button', { name: 'Export' }).click()
    const [lines] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /JSON lines/ }).click()])
    assert.equal(readFileSync(await lines.path(), 'utf8').trim().split('\n').length, SHOP_MESSAGES)
    await page.getByRole('tab', { name: 'Packets' }).click()
    await page.locator('.packet-table tbody tr').first().waitFor()
    const [packets] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Save for Wireshark/ }).click()])
    assert.equal(readFileSync(await packets.path()).readUInt32LE(0), 0x0a0d0d0a)
  })

  await t.test('two marked ones are compared line by line, and exported together', async () => {
    await page.getByRole('grid').getByText('POST /cart/2/items').click()
    await page.keyboard.press('x')
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByRole('button', { name: 'Export' }).click()
    const [lines] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'JSON lines: 2 marked' }).click()])
    assert.equal(readFileSync(await lines.path(), 'utf8').trim().split('\n').length, 2)
    await page.keyboard.press('c')
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/tea-2/).waitFor()
    await dialog.getByText(/tea-3/).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })

  await t.test('two parts of the capture are compared', async () => {
    await page.goto(`${address}?view=statistics`)
    await page.getByRole('button', { name: /Compare captures/ }).click()
    await page.getByLabel('Filter there').fill('dst.ip == "10.1.0.2"')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByRole('dialog').getByRole('cell', { name: /10\.1\.0\.[23]/ }).first().waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('a request is sent again with edits, after a confirmation, and the answers are compared', async (t) => {
  if (!needViewer(t)) return
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['x-try']}`)
    response.writeHead(200, { 'content-type': 'text/plain' }).end('changed')
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => { server.closeAllConnections(); server.close() })
  const { port } = server.address() as AddressInfo
  const capture = httpCapture([{
    server: '127.0.0.1', port,
    request: httpText('GET /stock HTTP/1.1', [`Host: 127.0.0.1:${port}`, 'X-Try: first', 'Authorization: Bearer secret']),
    response: httpText('HTTP/1.1 200 OK', ['Content-Type: text/plain'], 'as it was'),
  }])
  const { address } = await startHub(t, [writeCapture(t, capture)])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('GET /stock').click()
  await page.getByRole('button', { name: 'Replay…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 redacted header is left out').waitFor()
  await dialog.getByLabel('Path').fill('/stock?again=1')
  await dialog.getByLabel('Headers, one a line').fill(`Host: 127.0.0.1:${port}\nX-Try: second`)
  await dialog.getByRole('button', { name: 'Next: confirm' }).click()
  const send = dialog.getByRole('button', { name: /^Send to / })
  await send.waitFor()
  assert.deepEqual(seen, [], 'nothing is sent before it was confirmed')
  await send.click()
  await dialog.getByText('the answer differs').waitFor()
  await dialog.locator('.diff-line.new', { hasText: 'changed' }).waitFor()
  await dialog.locator('.diff-line.old', { hasText: 'as it was' }).waitFor()
  assert.deepEqual(seen, ['GET /stock?again=1 second'])
  assert.deepEqual(complaints, [])
})
