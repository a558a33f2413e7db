import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/*
 * Clients and servers around the sidecars, each a process: `traffic.ts WHAT NUMBERS…`. A client prints one line of JSON when it is done.
 */
const BLOCK = Buffer.alloc(64 * 1024, 0x61)
/** Code that was never run is slow, and that of a proxy which was just started is. */
const WARM_UP_MS = 2500
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')

function say(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket)).on('error', reject)
  })
}

/** Sends for as long as it is read. */
function source(port: number): void {
  createServer((socket) => {
    const more = (): void => {
      while (socket.write(BLOCK)) { /* until it is full */ }
    }
    socket.on('drain', more).on('error', () => {})
    more()
  }).listen(port, '127.0.0.1')
}

function echo(port: number): void {
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen({ port, host: '127.0.0.1', backlog: 4096 })
}

async function sink(host: string, port: number, streams: number, seconds: number): Promise<void> {
  let bytes = 0
  const into = { buffer: Buffer.alloc(256 * 1024), callback: (count: number): boolean => { bytes += count; return true } }
  for (let i = 0; i < streams; i++) connect({ host, port, onread: into }).on('error', () => {})
  await new Promise((resolve) => setTimeout(resolve, 500))
  bytes = 0
  say({ started: true })
  setTimeout(() => {
    say({ bytes })
    process.exit()
  }, seconds * 1000)
}

/** A new connection for each call: one byte there and back. */
async function calls(host: string, port: number, lines: number, seconds: number): Promise<void> {
  let count = 0
  let failed = 0
  let until = performance.now() + WARM_UP_MS
  const one = (): Promise<void> => new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write('x'))
    socket.on('data', () => { count++; socket.end() })
    socket.on('error', () => { failed++ }).on('close', () => resolve())
  })
  const all = (): Promise<unknown> => Promise.all(Array.from({ length: lines }, async () => {
    while (performance.now() < until) await one()
  }))
  await all()
  say({ started: true })
  count = 0
  until = performance.now() + seconds * 1000
  await all()
  say({ calls: count, failed })
}

/** Opens connections, proves each with a byte, and keeps them until it is killed. */
async function hold(host: string, port: number, count: number): Promise<void> {
  const sockets: Socket[] = []
  for (let i = 0; i < count; i += 50) {
    sockets.push(...await Promise.all(Array.from({ length: 50 }, async () => {
      const socket = await dial(host, port)
      socket.write('x')
      await new Promise((resolve) => socket.once('data', resolve))
      return socket
    })))
  }
  say({ held: sockets.length })
}

/** What no sidecar takes: plaintext, junk, a ClientHello of zeros, nothing at all. */
async function bad(host: string, port: number, count: number): Promise<void> {
  const hello = Buffer.concat([Buffer.of(22, 3, 1, 0, 204, 1, 0, 0, 200), Buffer.alloc(200)])
  const kinds = [REQUEST, Buffer.alloc(300, 0xa5), hello, Buffer.alloc(0)]
  let opened = 0
  const one = (): Promise<void> => new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.end(kinds[opened % kinds.length]))
    socket.on('error', () => {}).on('close', () => resolve()).resume()
  })
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (opened++ < count) await one()
  }))
  say({ refused: count })
}

/** Requests at a fixed rate whatever becomes of them; the time of each counts from when it was due. */
async function openLoop(host: string, port: number, connections: number, rate: number, seconds: number): Promise<void> {
  const latencies: number[] = []
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(host, port)))
  const waiting = sockets.map((socket) => {
    const due: number[] = []
    socket.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(HEAD_END); at >= 0 && due.length > 0; at = bytes.indexOf(HEAD_END, at + 4)) latencies.push(performance.now() - due.shift()!)
    })
    return due
  })
  const start = performance.now()
  const warmUp = rate
  for (let sent = 0; sent < rate * (seconds + 1);) {
    const now = performance.now()
    const due = Math.floor((now - start) / 1000 * rate)
    for (; sent < due; sent++) {
      if (sent === warmUp) latencies.length = 0
      waiting[sent % connections].push(start + sent / rate * 1000)
      sockets[sent % connections].write(REQUEST)
    }
    await new Promise(setImmediate)
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]
  say({ count: latencies.length, p50: at(0.5), p99: at(0.99) })
  process.exit()
}

const [what, ...words] = process.argv.slice(2)
const hasHost = !['source', 'echo'].includes(what)
const host = hasHost ? words[0] : ''
const [port, a, b, c] = words.slice(hasHost ? 1 : 0).map(Number)
switch (what) {
  case 'source': source(port); break
  case 'echo': echo(port); break
  case 'sink': void sink(host, port, a, b); break
  case 'calls': void calls(host, port, a, b); break
  case 'hold': void hold(host, port, a); break
  case 'bad': void bad(host, port, a); break
  case 'open-loop': void openLoop(host, port, a, b, c); break
  default: throw new Error(`no such traffic: ${what}`)
}
