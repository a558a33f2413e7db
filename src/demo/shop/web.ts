import type { Client } from './call.ts'

export interface Backends { cart: Client, ads: Client }

type Step = (backends: Backends, round: number) => Promise<unknown>

const CARTS = 12
const BASKET = [{ sku: 'tea-4711', count: 2 }, { sku: 'cup-0815', count: 1 }, { sku: 'pot-1701', count: 1 }]

/** One visitor's clicks, over and over: two of three edges in each third, some answers that are errors. */
const VISIT: readonly Step[] = [
  ({ cart }, round) => cart.get(`/cart/${cartOf(round)}`),
  ({ cart }, round) => cart.post(`/cart/${cartOf(round)}/items`, BASKET[round % BASKET.length]!),
  ({ ads }) => ads.get('/banner?slot=top'),
  ({ cart }, round) => cart.get(`/cart/${cartOf(round)}/recommendations?because=you-looked-at-the-tea-4711-and-stayed&limit=2`),
  ({ cart }, round) => cart.post(`/cart/${cartOf(round)}/items`, BASKET[(round + 1) % BASKET.length]!),
  ({ cart }, round) => cart.post(`/cart/${cartOf(round)}/checkout`, { pay: 'invoice' }),
  ({ ads }) => ads.get('/banner?slot=side'),
  ({ cart }) => cart.get('/cart/4040'),
]

function cartOf(round: number): number {
  return 1 + round % CARTS
}

/** Does the click of that round. What it answers is of no matter here; a backend that cannot be reached rejects. */
export async function visit(backends: Backends, round: number): Promise<void> {
  await VISIT[round % VISIT.length]!(backends, Math.floor(round / VISIT.length))
}
