import assert from 'node:assert/strict'
import test from 'node:test'
import type { Page } from 'playwright-core'
import { httpCapture, httpText } from './http-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const SCRIPT = '<script>window.pwned=1;alert(1)</script><img src=x onerror="window.pwned=2;alert(2)"><svg onload="window.pwned=3">'
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=4"><script>window.pwned=5;alert(5)</script></svg>'
const HTML = `<!doctype html><html><body onload="window.pwned=6">${SCRIPT}<a href="javascript:window.pwned=7">click</a></body></html>`

/** Script in everything that a peer can choose. */
function hostileCapture(): Uint8Array {
  const path = `/${encodeURI(SCRIPT)}?${SCRIPT.replaceAll(' ', '+')}`
  const headers = [`Host: ${SCRIPT}`, `X-${'a'.repeat(40)}: ${SCRIPT}`, `Cookie: a=${SCRIPT}`, 'Referer: javascript:window.pwned=8', 'X-Turned: a\u202egnp.exe']
  const answer = (type: string, body: string): Uint8Array => httpText(`HTTP/1.1 200 ${SCRIPT}`, [`Content-Type: ${type}`, `Set-Cookie: b=${SCRIPT}`, `X-Evil: ${SCRIPT}`], body)
  return httpCapture([
    { request: httpText(`GET /html${path.replaceAll(' ', '')} HTTP/1.1`, headers), response: answer('text/html', HTML) },
    { request: httpText('GET /svg HTTP/1.1', headers), response: answer('image/svg+xml', SVG) },
    { request: httpText('POST /json HTTP/1.1', [...headers, 'Content-Type: application/json'], JSON.stringify({ [SCRIPT]: SCRIPT, __proto__: 1, constructor: { prototype: SCRIPT } })), response: answer('application/json', JSON.stringify({ [SCRIPT]: [SCRIPT] })) },
    { request: httpText('POST /form HTTP/1.1', [...headers, 'Content-Type: application/x-www-form-urlencoded'], `${encodeURIComponent(SCRIPT)}=${encodeURIComponent(SCRIPT)}`), response: answer('image/png', SVG) },
    { request: httpText('GET /events HTTP/1.1', headers), response: answer('text/event-stream', `event: ${SCRIPT}\ndata: ${SCRIPT}\n\n`) },
    { request: httpText('GET /long HTTP/1.1', [...headers, ...Array.from({ length: 450 }, (_, at) => `X-Many-${at}: ${at}`)]), response: answer('text/plain', `${'<b>'.repeat(8000)}\u202e\u0000\u001b[31m`) },
  ])
}

const isClean = (page: Page): Promise<boolean> => page.evaluate(() => (window as unknown as { pwned?: unknown }).pwned === undefined
  && document.querySelectorAll('#root script, #root iframe, #root object, #root embed, #root [onerror], #root [onload], #root a[href^="javascript"]').length === 0)

test('script in every field of a capture is text, and never runs', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, hostileCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('6 messages').waitFor()
  const rows = page.locator('.list-rows .row')
  for (let at = 0; at < 6; at++) {
    await rows.nth(at).click()
    await page.locator('.row.selected').nth(0).waitFor()
    for (const tab of ['Request', 'Response', 'Both', 'Stream', 'Timing', 'TLS', 'Packets']) {
      await page.getByRole('complementary').getByRole('tab', { name: tab, exact: true }).click()
      assert.ok(await isClean(page), `message ${at}, ${tab}`)
    }
    await page.getByRole('complementary').getByRole('tab', { name: 'Response', exact: true }).click()
    for (const mode of ['raw', 'hex', 'pretty']) {
      await page.getByRole('complementary').getByRole('button', { name: mode }).click()
      assert.ok(await isClean(page), `message ${at}, body ${mode}`)
    }
  }

  await t.test('HTML and SVG are shown as their text, also where they claim to be a picture', async () => {
    await rows.nth(0).click()
    await page.getByRole('complementary').getByText('<!doctype html>').first().waitFor()
    await rows.nth(3).click()
    await page.getByRole('complementary').getByText('<svg xmlns=').first().waitFor()
    assert.equal(await page.locator('main img').count(), 0)
  })

  for (const view of ['map', 'check', 'statistics', 'catalog', 'health']) {
    await page.goto(`${address}?view=${view}`)
    await page.locator('.progress').waitFor({ state: 'detached' })
    assert.ok(await isClean(page), view)
  }
  for (const name of ['view', 'q', 'm', 'tab', 'item', 'compare', 'from']) {
    await page.goto(`${address}?${name}=${encodeURIComponent(SCRIPT)}`)
    await page.locator('.shell').waitFor()
    assert.ok(await isClean(page), `?${name}=`)
  }

  await t.test('what turns the direction of text cannot make a name look like another', async () => {
    await page.goto(address)
    await rows.nth(5).click()
    await page.getByRole('complementary').getByRole('tab', { name: 'Request', exact: true }).click()
    await page.getByRole('complementary').getByText('a⟨202E⟩gnp.exe').waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), /[\u202a-\u202e]/)
  })

  await t.test('a body opened by itself is a file, not a page', async () => {
    const response = await page.request.get(`${address}api/v1/messages/1/body/response`)
    assert.equal(response.headers()['content-type'], 'application/octet-stream')
    assert.match(response.headers()['content-security-policy'] ?? '', /sandbox/)
  })
  assert.deepEqual(complaints.filter((text) => !/status of 40[04]/.test(text)), [])
})
