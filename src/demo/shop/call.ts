import { Agent, request } from 'node:http'
import type { Address } from '../app-config.ts'

export interface Answer { status: number, body: string }

const TIMEOUT_MS = 5000

/** One other service, over kept-alive connections to wherever it is told to dial. */
export class Client {
  readonly #address: Address
  readonly #host: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  /** `host` goes into the Host header: the service's name, not the address that is dialled. */
  constructor(host: string, address: Address) {
    this.#host = host
    this.#address = address
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path, undefined)
  }

  post(path: string, body: object): Promise<Answer> {
    return this.#send('POST', path, JSON.stringify(body))
  }

  #send(method: string, path: string, body: string | undefined): Promise<Answer> {
    const headers = { host: `${this.#host}:${this.#address.port}`, accept: 'application/json', ...body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }
    return new Promise((resolve, reject) => {
      const req = request({ agent: this.#agent, host: this.#address.ip, port: this.#address.port, method, path, headers, timeout: TIMEOUT_MS }, (res) => {
        let text = ''
        res.setEncoding('utf8').on('data', (piece: string) => { text += piece })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text }))
        res.on('error', reject)
      })
      req.on('timeout', () => req.destroy(new Error('timed out')))
      req.on('error', reject)
      req.end(body)
    })
  }
}
