// Real peers: Node's own HTTP client and server, and curl where it is installed, with a recording forwarder between them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { RequestOptions } from 'node:http'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer as createTcpServer } from 'node:net'
import test from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { need } from '../../../test/require.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import type { RequestView, ResponseView } from './view.ts'

const GREETING = 'hello '.repeat(200)

/** Answers by path, and keeps what it was asked. */
const server = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    if (req.url === '/gzip') res.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(gzipSync(GREETING))
    else if (req.url === '/stream') {
      res.writeHead(200, { trailer: 'x-sum' })
      res.write('one ')
      res.write('two')
      res.addTrailers({ 'x-sum': '2' })
      res.end()
    } else if (req.url === '/hints') {
      res.writeEarlyHints({ link: '</style.css>' })
      res.end('hinted')
    } else if (req.url === '/nothing') res.writeHead(204).end()
    else if (req.url === '/missing') res.writeHead(404, { 'content-length': 4 }).end('gone')
    else res.end(`${req.method} ${Buffer.concat(chunks).toString()}`)
  })
})
server.on('upgrade', (_req, socket: Socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst frame')
  socket.on('data', (chunk) => socket.end(chunk))
})

interface Recorder { port: number, steps: Step[], close(): Promise<void> }

async function listening(of: Server): Promise<number> {
  of.listen(0, '127.0.0.1')
  await once(of, 'listening')
  return (of.address() as AddressInfo).port
}

/** Passes everything on, and keeps it in the order in which it came. */
async function record(target: number): Promise<Recorder> {
  const steps: Step[] = []
  const open = new Set<Socket>()
  const keep = (side: Side, from: Socket, to: Socket): void => {
    open.add(from)
    from.on('data', (chunk: Buffer) => {
      steps.push({ side, bytes: chunk, at: 1000 + steps.length })
      to.write(chunk)
    })
    from.on('end', () => to.end()).on('error', () => to.destroy()).on('close', () => open.delete(from))
  }
  const forwarder = createTcpServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    keep(CLIENT, client, upstream)
    keep(SERVER, upstream, client)
  })
  const port = await listening(forwarder)
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy()
    forwarder.close()
    await once(forwarder, 'close')
  }
  return { port, steps, close }
}

async function fetchText(options: RequestOptions, body?: string | string[]): Promise<string> {
  const req = request(options)
  if (Array.isArray(body)) {
    for (const piece of body) req.write(piece)
    req.end()
  } else req.end(body)
  const [res] = await once(req, 'response') as [NodeJS.ReadableStream]
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

const shown = (steps: Step[]) => listen(http1, steps).messages.map((m) => ({
  what: m['what'], status: m['status'], complete: m['complete'], notes: m['notes'],
  request: m['request'] as RequestView, response: m['response'] as ResponseView,
}))

test('what Node says to Node over one kept connection', async (t) => {
  const port = await listening(server)
  t.after(() => server.close())
  const recorder = await record(port)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const base = { port: recorder.port, host: '127.0.0.1', agent }
  await fetchText({ ...base, path: '/gzip' })
  await fetchText({ ...base, path: '/stream', headers: { te: 'trailers' } })
  await fetchText({ ...base, path: '/hints' })
  await fetchText({ ...base, path: '/nothing', method: 'DELETE' })
  await fetchText({ ...base, path: '/missing', method: 'HEAD' })
  assert.equal(await fetchText({ ...base, path: '/echo', method: 'POST' }, ['in ', 'pieces']), 'POST in pieces')
  assert.equal(await fetchText({ ...base, path: '/echo', method: 'PUT', headers: { expect: '100-continue', 'content-length': 3 } }, 'abc'), 'PUT abc')
  agent.destroy()
  await recorder.close()

  const all = shown(recorder.steps)
  assert.deepEqual(all.map((m) => `${m.what as string} ${m.status as number}`),
    ['GET /gzip 200', 'GET /stream 200', 'GET /hints 200', 'DELETE /nothing 204', 'HEAD /missing 404', 'POST /echo 200', 'PUT /echo 200'])
  for (const m of all) assert.deepEqual([m.complete, m.notes], [true, []], m.what as string)
  const [gzip, stream, hints, , head, post, put] = all.map((m) => m.response)
  assert.deepEqual([gzip!.body!.text, gzip!.body!.encoding], [GREETING, 'gzip'])
  assert.deepEqual([stream!.body!.text, stream!.trailers], ['one two', [{ name: 'x-sum', value: '2' }]])
  assert.deepEqual(hints!.interim, [{ status: 103, reason: 'Early Hints', headers: [{ name: 'Link', value: '</style.css>' }] }])
  assert.equal(head!.body, undefined)
  assert.equal(post!.body!.text, 'POST in pieces')
  assert.deepEqual(put!.interim?.map((interim) => interim.status), [100])
  assert.equal(all[5]!.request.body!.text, 'in pieces')
})

test('what Node pipelines, and what it upgrades', async (t) => {
  const port = await listening(server)
  t.after(() => server.close())
  const recorder = await record(port)
  const socket = connect(recorder.port, '127.0.0.1')
  socket.write('GET /missing HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
  let heard = ''
  for await (const chunk of socket) {
    const before = heard
    heard += (chunk as Buffer).toString('latin1')
    const isNew = (text: string): boolean => heard.includes(text) && !before.includes(text)
    if (isNew('POST hi')) socket.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    if (isNew('first frame')) socket.end('bye')
  }
  await recorder.close()
  const said = listen(http1, recorder.steps)
  assert.deepEqual(said.messages.map((m) => [m['what'], m['status'], m['complete']]), [['GET /missing', 404, true], ['POST /echo', 200, true], ['GET /ws', 101, true]])
  assert.equal(said.switchedTo, 'websocket')
  assert.deepEqual(said.handedOver.map((pieces) => Buffer.concat(pieces).toString()), ['bye', 'first framebye'])
})

test('what curl says', async (t) => {
  const run = promisify(execFile)
  const has = await run('curl', ['--version']).then(() => true, () => false)
  if (!need(t, 'peers', has, 'curl')) return
  const port = await listening(server)
  t.after(() => server.close())
  const recorder = await record(port)
  const url = `http://127.0.0.1:${recorder.port}`
  const curl = run('curl', ['-s', '--http1.1', '--compressed', `${url}/gzip`, `${url}/stream`, '--next', '-s', '-d', 'a=b', `${url}/echo`, '--next', '-s', '-I', `${url}/missing`,
    '--next', '-s', '-T', '-', '-H', 'Expect: 100-continue', `${url}/up`])
  curl.child.stdin!.end('uploaded')
  await curl
  await recorder.close()
  const all = shown(recorder.steps)
  assert.deepEqual(all.map((m) => `${m.what as string} ${m.status as number} ${m.complete}`),
    ['GET /gzip 200 true', 'GET /stream 200 true', 'POST /echo 200 true', 'HEAD /missing 404 true', 'PUT /up 200 true'])
  assert.deepEqual([all[2]!.request.body!.form, all[4]!.request.body!.text], [[{ name: 'a', value: 'b' }], 'uploaded'])
})
