import assert from 'node:assert/strict'
import test from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { longCapture } from './http-capture.ts'
import { ROOT, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const CAPTURES = `${ROOT}test/fixtures/captures/`

async function openStream(page: Page, text: string): Promise<Locator> {
  await page.locator('.list-rows .row', { hasText: text }).first().click()
  const detail = page.getByRole('complementary', { name: 'Message' })
  await detail.getByRole('tab', { name: 'Stream' }).click()
  await detail.locator('.stream-item[aria-current=true]').waitFor()
  return detail
}

test('a call of gRPC shows every message of both directions, and a WebSocket every one of its own', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [`${CAPTURES}grpc-streams.pcap`, `${CAPTURES}websocket-plain.pcap`])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()

  await t.test('messages of gRPC whose types nobody knows: their fields by number', async () => {
    const detail = await openStream(page, 'shop.Cart/Chat')
    const item = detail.locator('.stream-item[aria-current=true]')
    await item.getByText('client to server · 2 messages').or(item.getByText('→ client to server')).first().waitFor()
    const text = await item.innerText()
    const places = ['"hello"', '"second"', '"HELLO"', '"SECOND"'].map((word) => text.indexOf(word))
    assert.ok(places.every((place) => place >= 0), text)
    assert.deepEqual(places, [...places].sort((a, b) => a - b), 'first what the client said')
    assert.doesNotMatch(text, /user-agent/, 'headers are elsewhere')
  })

  await t.test('a click on a field makes it the filter', async () => {
    const detail = page.getByRole('complementary', { name: 'Message' })
    await detail.getByRole('tab', { name: 'Request', exact: true }).click()
    await detail.getByRole('button', { name: '"second"' }).click()
    await page.waitForFunction(() => location.search.includes('messages'))
    assert.equal(new URL(page.url()).searchParams.get('q'), 'request.grpc.messages[1].fields[0].value == "second"')
    await page.getByText(/^1 of/).waitFor()
    await page.goto(address)
    await page.getByText('■ file').waitFor()
  })

  await t.test('a WebSocket: what each end said, in order, its direction, its close', async () => {
    const detail = await openStream(page, '/chat ↑ {"type":"hi"')
    const lines = await detail.locator('.stream-line').allTextContents()
    assert.ok(lines.length >= 20)
    assert.match(lines[0]!, /⇄ GET \/chat\?room=7/)
    assert.match(lines[1]!, /→ \/chat ↑ \{"type":"hi"/)
    assert.match(lines[2]!, /← \/chat ↓ echo/)
    assert.ok(lines.some((line) => /close 4001/.test(line)))
    await detail.locator('.json-name', { hasText: '"cart"' }).first().waitFor()
    const closing = detail.locator('.stream-item', { hasText: 'close 4001' }).last()
    await closing.getByText('told to').first().waitFor()
  })

  await t.test('another message of the stream is opened from there', async () => {
    const detail = page.getByRole('complementary', { name: 'Message' })
    await detail.locator('.stream-item', { hasText: 'echo: Grüße' }).getByRole('button', { name: 'open' }).click()
    await detail.getByRole('heading', { name: /echo: Grüße/ }).waitFor()
    await detail.locator('.stream-item[aria-current=true]', { hasText: 'echo: Grüße' }).waitFor()
  })
  assert.deepEqual(complaints, [])
})

test('in a connection of thousands of messages the stream begins near the one that was opened', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, longCapture(5000))])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()
  await page.goto(`${address}?m=3001&tab=stream`)
  const detail = page.getByRole('complementary', { name: 'Message' })
  const current = detail.locator('.stream-item[aria-current=true]', { hasText: 'GET /item/3000' })
  await current.waitFor()
  await page.waitForFunction(() => {
    const item = document.querySelector('.stream-item[aria-current=true]')!.getBoundingClientRect()
    const body = document.querySelector('.detail-body')!.getBoundingClientRect()
    return item.top >= body.top && item.top < body.bottom
  })
  await detail.locator('.stream-line', { hasText: 'GET /item/2990' }).waitFor()
  assert.equal(await detail.locator('.stream-line', { hasText: 'GET /item/2900' }).count(), 0)
  await detail.getByRole('button', { name: 'Earlier…' }).click()
  await detail.locator('.stream-line', { hasText: 'GET /item/2900' }).waitFor()
  await detail.getByRole('button', { name: 'Later…' }).click()
  await detail.locator('.stream-line', { hasText: 'GET /item/3250' }).waitFor()
  assert.deepEqual(complaints, [])
})
