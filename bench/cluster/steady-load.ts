import { connect } from 'node:net'
import type { Socket } from 'node:net'

/*
 * A client: `steady-load.ts HOST PORT CONNECTIONS RATE SECONDS` asks at a fixed rate on kept connections, whether answers come or not, and
 * prints one line of JSON. The time of each request counts from when it was written: what this client is late by is not the proxy's.
 */
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: cart\r\n\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')
/** Code that was just loaded is slow, and is compiled beside. */
const WARM_UP_SECONDS = 3
const LAST_ANSWERS_MS = 500

const [host = '', ...numbers] = process.argv.slice(2)
const [port, connections, rate, seconds] = numbers.map(Number) as [number, number, number, number]
const latencies: number[] = []

class Connection {
  readonly #socket: Socket
  readonly #written: number[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', (error) => { throw error })
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
  }

  static open(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true }, () => resolve(new Connection(socket))).on('error', reject)
    })
  }

  ask(): void {
    this.#written.push(performance.now())
    this.#socket.write(REQUEST)
  }

  /** The answers have no empty line but the one behind their head. */
  #take(bytes: Buffer): void {
    const nowMs = performance.now()
    for (let at = bytes.indexOf(HEAD_END); at >= 0; at = bytes.indexOf(HEAD_END, at + HEAD_END.length)) latencies.push(nowMs - this.#written.shift()!)
  }
}

async function ask(sockets: readonly Connection[]): Promise<number> {
  const startMs = performance.now()
  let asked = 0
  for (let due = 0; due < rate * (WARM_UP_SECONDS + seconds);) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    due = Math.floor((performance.now() - startMs) / 1000 * rate)
    for (; asked < due; asked++) {
      if (asked === rate * WARM_UP_SECONDS) latencies.length = 0
      sockets[asked % connections]!.ask()
    }
  }
  return asked - rate * WARM_UP_SECONDS
}

const asked = await ask(await Promise.all(Array.from({ length: connections }, () => Connection.open())))
await new Promise((resolve) => setTimeout(resolve, LAST_ANSWERS_MS))
latencies.sort((a, b) => a - b)
const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
console.log(JSON.stringify({ asked, answered: latencies.length, p50: at(0.5), p99: at(0.99) }))
process.exit()
