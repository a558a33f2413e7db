import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import test from 'node:test'
import grpc from '@grpc/grpc-js'
import type { Page } from 'playwright-core'
import { need } from '../require.ts'
import { needViewer, openPage, startProgram } from './viewer.ts'

const needReplay = (t: TestContext): boolean => need(t, 'netns', process.getuid?.() === 0, 'the right to capture on lo (root)') && needViewer(t)

/** A tap on lo with the viewer on it, and open in it a message with `text` in its row, of the traffic which `call` makes: each time on a connection of its own, for of one that is older than the ring not every header is known. */
async function openTap(t: TestContext, port: number, call: () => Promise<void>, text: string): Promise<{ page: Page, complaints: string[] }> {
  const { address } = await startProgram(t, ['tap', '-i', 'lo', '--port', String(port), '--ui', '0', '--no-open'])
  const opened = await openPage(t, address)
  const row = opened.page.locator('.list-rows .row', { hasText: text })
  // The ring may open a moment after the address was told.
  for (let tries = 0; tries < 300 && await row.count() === 0; tries++) {
    await call()
    await opened.page.waitForTimeout(100)
  }
  // The first one may have begun before the ring did.
  const shown = await row.count()
  await call()
  await row.nth(shown).waitFor()
  await opened.page.keyboard.press('p')
  await row.last().click()
  return opened
}

/** Through the dialog: edits, confirms, sends. */
async function replay(page: Page, edit: (dialog: ReturnType<Page['getByRole']>) => Promise<void>): Promise<ReturnType<Page['getByRole']>> {
  await page.getByRole('button', { name: 'Replay…' }).waitFor()
  await page.keyboard.press('r')
  const dialog = page.getByRole('dialog', { name: /^Replay to 127\.0\.0\.1:/ })
  await edit(dialog)
  await dialog.getByRole('button', { name: 'Next: confirm' }).click()
  await dialog.getByRole('button', { name: /^Send to 127\.0\.0\.1:/ }).click()
  return dialog
}

test('a request of HTTP/2 is sent again as one of HTTP/2', async (t) => {
  if (!needReplay(t)) return
  const seen: string[] = []
  const server = http2.createServer((request, response) => {
    request.resume()
    seen.push(`${request.httpVersion} ${request.method} ${request.url}`)
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end(request.url === '/stock' ? 'three' : 'four')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.after(() => { server.close() })
  const call = async (): Promise<void> => {
    const client = http2.connect(`http://127.0.0.1:${port}`)
    const stream = client.request({ ':path': '/stock' })
    stream.resume()
    await once(stream, 'close')
    client.destroy()
  }
  const { page, complaints } = await openTap(t, port, call, 'GET /stock')
  const asked = seen.length
  const dialog = await replay(page, async (form) => { await form.getByLabel('Path').fill('/stock?kind=tea') })
  await dialog.getByText('the answer differs').waitFor()
  await dialog.locator('.diff-line.new', { hasText: 'four' }).waitFor()
  assert.deepEqual(seen.slice(asked), ['2.0 GET /stock?kind=tea'])

  await t.test('and once more, from what was edited', async () => {
    await dialog.getByRole('button', { name: 'Edit and send again' }).click()
    assert.equal(await dialog.getByLabel('Path').inputValue(), '/stock?kind=tea')
    await dialog.getByLabel('Path').fill('/stock')
    await dialog.getByRole('button', { name: 'Next: confirm' }).click()
    await dialog.getByRole('button', { name: 'Back' }).click()
    await dialog.getByRole('button', { name: 'Next: confirm' }).click()
    await dialog.getByRole('button', { name: /^Send to / }).click()
    await dialog.locator('.diff-line.same', { hasText: 'three' }).waitFor()
    assert.deepEqual(seen.slice(asked + 1), ['2.0 GET /stock'])
  })
  assert.deepEqual(complaints, [])
})

const METHOD = { path: '/shop.Cart/Get', requestStream: false, responseStream: false, requestSerialize: (bytes: Buffer) => bytes, requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: (bytes: Buffer) => bytes, responseDeserialize: (bytes: Buffer) => bytes } as const
/** Field 1 of protobuf, a text. */
const message = (text: string): Buffer => Buffer.concat([Buffer.of(0x0a, text.length), Buffer.from(text)])

test('a unary call of gRPC is sent again', async (t) => {
  if (!needReplay(t)) return
  const seen: string[] = []
  const server = new grpc.Server()
  let answer = 'three'
  server.addService({ Get: METHOD }, { Get: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
    seen.push(call.request.toString('latin1'))
    const metadata = new grpc.Metadata()
    metadata.set('x-request-id', `r${seen.length}`)
    call.sendMetadata(metadata)
    done(null, message(answer))
  } })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)))
  })
  const Client = grpc.makeGenericClientConstructor({ Get: METHOD }, 'shop.Cart')
  t.after(() => server.forceShutdown())
  const call = async (): Promise<void> => await new Promise((resolve, reject) => {
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    client.makeUnaryRequest(METHOD.path, METHOD.requestSerialize, METHOD.responseDeserialize, message('seven'), (error: Error | null) => {
      client.close()
      if (error === null) resolve()
      else reject(error)
    })
  })
  const { page, complaints } = await openTap(t, port, call, 'shop.Cart/Get')
  const asked = seen.length
  const dialog = await replay(page, async (form) => { await form.getByText('The body is not text, and goes as it was').waitFor() })
  await dialog.getByText('the same answer as captured, but for headers that always change').waitFor()
  assert.deepEqual(seen.slice(asked), [message('seven').toString('latin1')], 'byte for byte what was captured')
  assert.match(await dialog.innerText(), /grpc-status 0/)
  await dialog.locator('.diff-line.new.expected', { hasText: 'x-request-id: r' }).waitFor()
  await dialog.locator('.diff-line.same', { hasText: '"value": "three"' }).waitFor()

  await t.test('another answer is told by its message', async () => {
    answer = 'four'
    await dialog.getByRole('button', { name: 'Edit and send again' }).click()
    await dialog.getByRole('button', { name: 'Next: confirm' }).click()
    await dialog.getByRole('button', { name: /^Send to / }).click()
    await dialog.getByText('the answer differs').waitFor()
    await dialog.locator('.diff-line.old', { hasText: '"value": "three"' }).waitFor()
    await dialog.locator('.diff-line.new', { hasText: '"value": "four"' }).waitFor()
    await dialog.getByText('The new message').click()
    await dialog.locator('.messages').getByText('four').waitFor()
  })
  assert.deepEqual(complaints, [])
})
