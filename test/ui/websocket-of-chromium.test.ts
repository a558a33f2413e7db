import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { ROOT, WAIT_MS, openPage } from './viewer.ts'

/** `ws` has no types here; this is all of it that is used. */
interface Socket {
  on(event: 'message', take: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'close', take: (code: number, reason: Buffer) => void): void
  send(data: string | Buffer, options: { binary?: boolean, fin?: boolean }): void
  ping(): void
}
interface SocketServer { on(event: 'connection', take: (socket: Socket) => void): void }
const { WebSocketServer } = createRequire(import.meta.url)('ws') as { WebSocketServer: new (options: object) => SocketServer }

/** A message as one of the two ends knows it: a text, or what stands for bytes. */
type Word = string
interface Ends { readonly received: Word[], closed: string }
interface View { kind: string, subprotocol?: string, compressed?: boolean, fragments?: number, payloadBytes: number, messageBytes?: number, code?: number, reason?: string, pongs?: number, body?: { text?: string, json?: unknown, base64?: string } }
interface Line { protocol?: string, what: string, complete?: boolean, notes?: string[], request?: View, response?: View }

/** `openPage` waits for what the viewer is in. */
const PAGE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>talks</title><main class="shell">talks</main>'
const BINARY_BYTES = 30_000

/** Echoes; `fragments` is answered by a message in three frames, with a ping between them. */
function serve(deflate: object, ends: Ends): Server {
  const server = createServer((_, response) => { response.setHeader('content-type', 'text/html').end(PAGE) })
  new WebSocketServer({ server, perMessageDeflate: deflate, handleProtocols: (offered: Set<string>) => offered.has('shop.v2') ? 'shop.v2' : false }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => {
      ends.received.push(wordOf(data, isBinary))
      if (String(data) !== 'fragments') return socket.send(data, { binary: isBinary })
      socket.send('one, ', { fin: false })
      socket.ping()
      socket.send('two, ', { fin: false })
      socket.send('three', { fin: true })
    })
    socket.on('close', (code, reason) => { ends.closed = `${code} ${String(reason)}` })
  })
  return server
}

function wordOf(data: Buffer, isBinary: boolean): Word {
  return isBinary ? `binary ${data.length} ${data.subarray(0, 8).toString('hex')}` : data.toString()
}

/** Runs in the page. Says each word when the answer to the one before has come. */
async function talk({ words, binaryBytes }: { words: string[], binaryBytes: number }): Promise<{ extensions: string, protocol: string, received: Word[] }> {
  const socket = new WebSocket(`ws://${location.host}/chat?room=7`, ['shop.v1', 'shop.v2'])
  socket.binaryType = 'arraybuffer'
  const received: Word[] = []
  return await new Promise((resolve, reject) => {
    const left = [...words]
    const next = (): void => {
      const word = left.shift()
      if (word === undefined) socket.close(4001, 'wiedersehen ☃')
      else if (word === 'binary') socket.send(Uint8Array.from({ length: binaryBytes }, (_, i) => i * i))
      else socket.send(word)
    }
    socket.addEventListener('open', next)
    socket.addEventListener('error', () => reject(new Error('the page cannot reach the server')))
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') received.push(data)
      else received.push(`binary ${data.byteLength} ${[...new Uint8Array(data, 0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`)
      next()
    })
    socket.addEventListener('close', () => resolve({ extensions: socket.extensions, protocol: socket.protocol, received }))
  })
}

/** `mtlscope tap` on lo. Returns when it has seen a first request. */
async function startTap(t: TestContext, port: number): Promise<{ lines: Line[], child: ChildProcess }> {
  const child = spawn(process.execPath, [`${ROOT}src/cli/main.ts`, 'tap', '-i', 'lo', '--port', String(port), '-o', 'json'], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => { child.kill('SIGKILL') })
  const lines: Line[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    for (const line of parts) lines.push(JSON.parse(line) as Line)
  })
  await until('the capture begins', async () => {
    await (await fetch(`http://127.0.0.1:${port}/warm`)).text()
    return lines.length > 0 || child.exitCode !== null
  })
  assert.equal(child.exitCode, null)
  return { lines, child }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(50)) if (await isSo()) return
  throw new Error(`not so in time: ${what}`)
}

function heard(view: View): Word {
  if (view.kind === 'binary') return `binary ${view.messageBytes ?? view.payloadBytes} ${Buffer.from(view.body!.base64!, 'base64').subarray(0, 8).toString('hex')}`
  return view.body === undefined ? '' : view.body.json === undefined ? view.body.text! : JSON.stringify(view.body.json)
}

const TALE = 'Once more the carts went down to the harbour, and once more they came back empty. '
const WORDS = ['{"type":"hi","cart":7}', 'Grüße ☃ 😀', TALE, TALE, 'fragments', '', 'binary', TALE.repeat(200), 'a', `{"again":"${TALE}"}`]
/** What the server offers, and what may then be agreed. */
const KINDS: readonly (readonly [name: string, deflate: object])[] = [
  ['with context takeover', { threshold: 0 }],
  ['without it, in a small window', { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10 }],
]

for (const [name, deflate] of KINDS) {
  test(`permessage-deflate ${name}: what Chromium and the server say is what is read`, async (t) => {
    if (!need(t, 'netns', process.getuid?.() === 0, 'the right to capture on lo (root)') || !need(t, 'ui', findProgram('chromium'), 'chromium (Debian: chromium)')) return
    const ends: Ends = { received: [], closed: '' }
    const server = serve(deflate, ends)
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const { lines } = await startTap(t, port)
    const { page, complaints } = await openPage(t, `http://127.0.0.1:${port}/`)
    const told = await page.evaluate(talk, { words: WORDS, binaryBytes: BINARY_BYTES })
    const messages = (): Line[] => lines.filter(({ protocol }) => protocol === 'websocket')
    await until('both closes are read', () => messages().filter(({ what }) => what.includes('close')).length === 2)

    assert.deepEqual(complaints, [])
    assert.match(told.extensions, /^permessage-deflate/)
    const views = (side: 'request' | 'response'): View[] => messages().flatMap((m) => m[side] ?? [])
    const spoken = (side: 'request' | 'response'): View[] => views(side).filter(({ kind }) => kind !== 'close')
    assert.equal(ends.received.length, WORDS.length)
    assert.deepEqual(spoken('request').map(heard), ends.received)
    assert.deepEqual(spoken('response').map(heard), told.received)
    assert.ok(messages().every(({ complete, notes, request, response }) => complete === true && notes === undefined && (request ?? response)!.subprotocol === told.protocol))
    for (const side of ['request', 'response'] as const) {
      const [first, second] = spoken(side).filter((view) => heard(view) === TALE)
      assert.deepEqual([first!.compressed, first!.messageBytes], [true, TALE.length])
      // The second is told by what it refers to, where that may be before it.
      assert.equal(second!.payloadBytes < first!.payloadBytes, name === 'with context takeover')
    }
    assert.equal(spoken('response').find(({ fragments }) => fragments !== undefined)!.fragments, 3)
    const [closing, closed] = [views('request').at(-1)!, views('response').at(-1)!]
    assert.deepEqual([`${closing.code} ${closing.reason}`, closing.pongs, closed.code], [ends.closed, 1, 4001])
  })
}
