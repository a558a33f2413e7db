import assert from 'node:assert/strict'
import test from 'node:test'
import type { Exchange } from './http-capture.ts'
import { httpCapture, httpText } from './http-capture.ts'
import { needViewer, openPage, startHub, writeCapture } from './viewer.ts'

const exchange = (method: string, path: string, waitSeconds: number, status = '200 OK'): Exchange => ({
  waitSeconds, request: httpText(`${method} ${path} HTTP/1.1`, ['Host: cart']), response: httpText(`HTTP/1.1 ${status}`, [], 'ok'),
})
const times = (count: number, made: (at: number) => Exchange): Exchange[] => Array.from({ length: count }, (_, at) => made(at))

const BEFORE = [...times(20, () => exchange('GET', '/cart', 0.002)), ...times(20, () => exchange('GET', '/price', 0.002)), ...times(20, () => exchange('GET', '/stock', 0.002)), ...times(5, () => exchange('GET', '/old', 0.002))]
const AFTER = [...times(20, () => exchange('GET', '/cart', 0.002)), ...times(20, () => exchange('GET', '/price', 0.2)), ...times(20, (at) => exchange('GET', '/stock', 0.002, at % 2 === 0 ? '503 Gone Fishing' : '200 OK')), ...times(5, () => exchange('POST', '/new', 0.002))]
/** The names of files are shown, and must not push the figures out of sight. */
const LONG = `${'a-very-long-name-of-a-capture-'.repeat(6)}before.pcap`

test('two captures: what is new, gone, slower, and fails more', async (t) => {
  if (!needViewer(t)) return
  const { address } = await startHub(t, [writeCapture(t, httpCapture(AFTER), 'after.pcap'), writeCapture(t, httpCapture(BEFORE), LONG)])
  const { page, complaints } = await openPage(t, `${address}?view=statistics`)
  await page.getByText('■ file').waitFor()
  await page.getByRole('button', { name: /Compare captures/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Compare captures' })
  await dialog.getByLabel('Other file').selectOption(LONG)
  await dialog.getByRole('button', { name: 'Compare', exact: true }).click()
  const row = (operation: string): ReturnType<typeof dialog.locator> => dialog.locator('tbody tr', { hasText: operation })

  await row('POST /new').getByText('+ new').waitFor()
  await row('GET /old').getByText('− gone').waitFor()
  await row('GET /price').getByText('▲ slower').waitFor()
  await row('GET /stock').getByText('✕ more errors').waitFor()
  await row('GET /cart').getByText('= same').waitFor()
  assert.match(await row('GET /price').innerText(), /p95 (?:19|20)\d\sms/)

  await t.test('how many of each is said above, and all of it is in sight', async () => {
    assert.match((await dialog.getByRole('status').innerText()).replaceAll(/\s+/g, ' '), /1 \+ new.*1 − gone.*1 ▲ slower.*1 ✕ more errors.*1 = same/)
    assert.equal(await dialog.locator('.compare-table').evaluate((table) => table.scrollWidth > table.clientWidth), false)
  })

  await t.test('a filter that cannot be understood is told, and the dialog goes on', async () => {
    await dialog.getByLabel('Other file').selectOption('')
    await dialog.getByLabel('Filter there').fill('(((')
    await dialog.getByRole('button', { name: 'Compare', exact: true }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Filter there').fill('method == "POST"')
    await dialog.getByRole('button', { name: 'Compare', exact: true }).click()
    await row('POST /new').getByText('= same').waitFor()
    await row('GET /cart').getByText('+ new').waitFor()
  })
  await t.test('a filter there holds for the other file alone', async () => {
    await dialog.getByLabel('Other file').selectOption(LONG)
    await dialog.getByLabel('Filter there').fill('path == "/cart" || path == "/old"')
    await dialog.getByRole('button', { name: 'Compare', exact: true }).click()
    await row('GET /cart').getByText('= same').waitFor()
    await row('GET /old').getByText('− gone').waitFor()
    await row('GET /price').getByText('+ new').waitFor()
  })
  assert.deepEqual(complaints.filter((text) => !/status of 400/.test(text)), [])
})
