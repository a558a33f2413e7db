import type { Call, Reply } from './serve.ts'

interface Shelf { count: number }

const FIRST_COUNT = 40
/** The warehouse is down for one of so many commits, so that the screen shows how a failure travels. */
const FAILS_EVERY = 4

/** What there is: GET /stock/SKU, POST /reserve, POST /commit. */
export class Stock {
  readonly #shelves = new Map<string, Shelf>([['tea-4711', { count: FIRST_COUNT }], ['cup-0815', { count: 1 }], ['pot-1701', { count: FIRST_COUNT }]])
  #commits = 0

  answer(call: Call): Reply {
    const [what, sku] = call.path
    if (call.method === 'GET' && what === 'stock') return this.#look(String(sku))
    if (call.method === 'POST' && what === 'reserve') return this.#reserve(String(call.body.sku), Number(call.body.count))
    if (call.method === 'POST' && what === 'commit') return this.#commit()
    return { status: 404, body: { error: 'no such page' } }
  }

  #look(sku: string): Reply {
    const shelf = this.#shelves.get(sku)
    return shelf === undefined ? { status: 404, body: { error: 'no such article', sku } } : { status: 200, body: { sku, count: shelf.count } }
  }

  #reserve(sku: string, count: number): Reply {
    const shelf = this.#shelves.get(sku)
    if (shelf === undefined || !(count > 0)) return { status: 404, body: { error: 'no such article', sku } }
    if (shelf.count < count) {
      const left = shelf.count
      shelf.count = FIRST_COUNT
      return { status: 409, body: { error: 'not enough on the shelf', sku, left } }
    }
    shelf.count -= count
    return { status: 201, body: { sku, reserved: count, left: shelf.count } }
  }

  #commit(): Reply {
    this.#commits++
    return this.#commits % FAILS_EVERY === 2 ? { status: 503, body: { error: 'the warehouse is closed' } } : { status: 200, body: { parcel: 90_000 + this.#commits } }
  }
}
