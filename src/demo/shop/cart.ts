import type { Client } from './call.ts'
import type { Call, Reply } from './serve.ts'

interface Line { sku: string, count: number }

const CARTS = 12

/** Baskets: GET /cart/N, POST /cart/N/items, POST /cart/N/checkout, GET /cart/N/recommendations. */
export class Cart {
  readonly #stock: Client
  readonly #carts = new Map<string, Line[]>(Array.from({ length: CARTS }, (_, n) => [String(n + 1), [{ sku: 'tea-4711', count: 1 }]]))

  constructor(stock: Client) {
    this.#stock = stock
  }

  async answer(call: Call): Promise<Reply> {
    const [root, id, what] = call.path
    const lines = root === 'cart' ? this.#carts.get(String(id)) : undefined
    if (lines === undefined) return { status: 404, body: { error: 'no such cart' } }
    if (call.method === 'POST') return what === 'items' ? this.#put(lines, call) : this.#checkout(lines)
    if (what === 'recommendations') return { status: 200, body: { because: lines[0]?.sku, show: ['cup-0815', 'pot-1701'] } }
    return this.#show(String(id), lines)
  }

  async #show(id: string, lines: Line[]): Promise<Reply> {
    const answer = await this.#stock.get(`/stock/${lines[0]?.sku ?? 'tea-4711'}`)
    return { status: 200, body: { cart: Number(id), lines, available: answer.status === 200 } }
  }

  async #put(lines: Line[], call: Call): Promise<Reply> {
    const line = { sku: String(call.body.sku), count: Number(call.body.count) }
    const answer = await this.#stock.post('/reserve', line)
    if (answer.status !== 201) return { status: answer.status, body: { error: 'cannot be had', sku: line.sku } }
    lines.push(line)
    // A cart is looked at and not kept for ever.
    if (lines.length > 5) lines.shift()
    return { status: 201, body: { lines: lines.length } }
  }

  async #checkout(lines: Line[]): Promise<Reply> {
    const answer = await this.#stock.post('/commit', { lines })
    return answer.status === 200 ? { status: 200, body: { thanks: true } } : { status: 502, body: { error: 'try again later' } }
  }
}
