import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { HealthAnswer, MessageDetail, NodeHealth } from '../../src/model/api.ts'
import { SHOP_MESSAGES, shopCapture } from './shop-capture.ts'
import { ROOT, needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const CAPTURES = `${ROOT}test/fixtures/captures/`

test('check: verdicts worst first, each with what it rests on, what is odd, and what would mend it', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [`${CAPTURES}tls13-mutual.pcapng`, `${CAPTURES}tls12-mutual.pcapng`, `${CAPTURES}tls10.pcap`, writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, `${address}?view=check`)
  await page.getByText('■ file').waitFor()
  const rows = page.locator('.check-row')
  await page.getByRole('row', { name: /10\.1\.0\.1 → 10\.1\.0\.2:8080.*clear on the wire/ }).waitFor()
  await page.getByRole('row', { name: /10\.98\.0\.1/ }).first().waitFor()

  await t.test('what is in the clear comes first, and the counts above say how many of each there are', async () => {
    assert.match(await rows.first().innerText(), /clear/)
    const counts = await page.locator('.check-count').allInnerTexts()
    assert.equal(counts.map((text) => Number.parseInt(text, 10)).reduce((sum, count) => sum + count, 0), await rows.count())
  })

  await t.test('an edge in the clear: what was read, where to ask why, and its messages', async () => {
    await page.getByRole('button', { name: /10\.1\.0\.1 → 10\.1\.0\.2/ }).click()
    await page.getByText('HTTP/1 was read on the wire').waitFor()
    await page.locator('.check-evidence').getByText(/mtlscope explain/).waitFor()
    assert.match(page.url(), /item=/, 'the address leads to it')
    await page.reload()
    await page.getByText('HTTP/1 was read on the wire').waitFor()
    await page.getByRole('button', { name: 'Its messages' }).click()
    await page.waitForFunction(() => /dst\.port(?:\+|%20)/.test(location.search))
    await page.getByText(`${SHOP_MESSAGES / 3 * 2} of`).waitFor()
    await page.goBack()
  })

  await t.test('an edge of TLS: the handshake, who showed what, what is weak', async () => {
    await page.getByRole('button', { name: /10\.98\.0\.1 → / }).first().click()
    const evidence = page.locator('.check-evidence')
    await evidence.getByText(/ServerHello: TLS 1\.\d/).first().waitFor()
    await evidence.getByText(/^error: TLS 1\.0 was agreed on/).first().waitFor()
  })

  await t.test('a piece of evidence leads to its message, and to the packets of that', async () => {
    await page.getByRole('button', { name: /10\.1\.0\.1 → 10\.1\.0\.2/ }).click()
    await page.locator('.evidence li', { hasText: 'readable on the wire: HTTP/1' }).getByRole('button', { name: /^message \d+$/ }).first().click()
    await page.getByRole('tab', { name: 'Packets', selected: true }).waitFor()
    await page.locator('.packet-table tbody tr').first().waitFor()
    const evident = /[?&]m=(\d+)/.exec(page.url())![1]!
    const { row } = await (await page.request.get(`${address}api/v1/messages/${evident}`)).json() as MessageDetail
    assert.deepEqual([row.protocol, row.server.port, row.hop], ['http1', 8080, 'wire'])
    await page.goto(`${address}?view=check`)
    await page.getByRole('button', { name: /10\.98\.0\.1 → / }).first().click()
    await page.locator('.evidence li', { hasText: 'ServerHello' }).first().getByRole('button', { name: /^message \d+$/ }).click()
    await page.locator('.packet-table tbody tr').first().waitFor()
    await page.goto(`${address}?view=check`)
  })

  await t.test('the report has all of it, in each format of mtlscope check', async () => {
    const formats = [
      ['Text', 'txt', /plaintext .*10\.1\.0\.1 → 10\.1\.0\.2:8080/], ['JSON', 'json', /"verdict": ?"plaintext"/], ['HTML', 'html', /^<!doctype html>[^]*10\.1\.0\.1 → 10\.1\.0\.2:8080/],
      ['JUnit', 'xml', /<testcase classname="mtlscope\.check" name="10\.1\.0\.1 → 10\.1\.0\.2:8080"/], ['SARIF', 'sarif', /"ruleId": ?"edge-plaintext"/], ['Markdown', 'md', /\| plaintext \| 10\\\.1\.0\.1 → 10\.1\.0\.2:8080 \|/],
    ] as const
    for (const [label, ending, pattern] of formats) {
      await page.getByRole('button', { name: 'Save the report' }).click()
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: label }).click()])
      assert.equal(download.suggestedFilename(), `mtls-check.${ending}`)
      assert.match(readFileSync(await download.path(), 'utf8'), pattern)
    }
    assert.match(page.url(), /view=check/, 'a download leads nowhere')
  })

  await t.test('and of what the filter lets through only', async () => {
    await page.goto(`${address}?view=check&q=${encodeURIComponent('dst.ip == "10.1.0.2"')}`)
    await page.getByRole('button', { name: 'Save the report' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'JSON' }).click()])
    const { edges, filter } = JSON.parse(readFileSync(await download.path(), 'utf8')) as { edges: { server: string }[], filter: string }
    assert.deepEqual([[...new Set(edges.map(({ server }) => server))], filter], [['10.1.0.2'], 'dst.ip == "10.1.0.2"'])
  })
  assert.deepEqual(complaints, [])
})

const NODES: readonly NodeHealth[] = [
  { name: 'node-a', state: 'answers', messages: 4200, packetsPerSecond: 12 },
  { name: 'node-b', state: 'missing', why: 'connection refused', sinceMicros: 1_790_000_000_000_000 },
]

test('health of a hub that merges agents: nodes that do not answer are named first, and below every view', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, shopCapture())])
  const { page, complaints } = await openPage(t, address)
  await page.getByText('■ file').waitFor()
  // What such a hub says besides; everything else is what this one says.
  const health = { ...await (await page.request.get(`${address}api/v1/health`)).json() as HealthAnswer, nodes: NODES }
  await page.route(/\/api\/v1\/health/, (route) => route.fulfill({ json: health }))
  await page.route(/\/api\/v1\/live/, (route) => route.fulfill({ contentType: 'text/event-stream', body: `event: health\ndata: ${JSON.stringify(health)}\n\n` }))
  await page.goto(`${address}?view=health`)
  const table = page.locator('section', { has: page.getByRole('heading', { name: 'Nodes' }) })
  await table.getByText('1 of 2 does not answer: its traffic').waitFor()
  const rows = await table.locator('tbody tr').allInnerTexts()
  assert.match(rows[0]!, /node-b.*✕ no answer since 2026-09-21 \d\d:\d\d:\d\d\.\d{6} UTC connection refused/s)
  assert.match(rows[1]!, /node-a.*4\s200.*12\/s.*✓ answers/s)
  await page.locator('.status-line').getByText('1 of 2 nodes').waitFor()
  assert.deepEqual(complaints, [])
})
