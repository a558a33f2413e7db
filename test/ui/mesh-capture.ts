import type { Exchange } from './http-capture.ts'
import { httpText, namedCapture } from './http-capture.ts'

/** Services of a shop that has grown: `name.namespace`, some of them with the long names that clusters give. */
const NAMES: readonly string[] = [
  'ingress-gateway.edge', 'web.shop', 'mobile-backend-for-frontend.shop', 'cart.shop', 'checkout.shop', 'catalog.shop', 'search.shop', 'recommendations.shop', 'reviews.shop', 'wishlist.shop',
  'stock.warehouse', 'picking.warehouse', 'shipping.warehouse', 'returns.warehouse', 'labels.warehouse', 'payments.money', 'invoices.money', 'fraud-detection-scoring-engine-v2.money', 'ledger.money', 'taxes.money',
  'mail.notify', 'sms.notify', 'push.notify', 'users.people', 'sessions.people', 'profiles.people', 'audit.ops', 'metrics.ops', 'flags.ops', 'ads-delivery-canary-7d9f8c6b54-x2v8q.marketing',
]

/** Who calls whom, by index: a tree with some shortcuts, as meshes have. */
const CALLS: readonly (readonly [number, number])[] = [
  [0, 1], [0, 2], [1, 3], [1, 5], [1, 6], [1, 8], [1, 29], [2, 3], [2, 5], [2, 22], [3, 10], [3, 4], [4, 15], [4, 12], [4, 16], [4, 20], [5, 7], [5, 10], [6, 5], [7, 25], [8, 25], [9, 5], [1, 9],
  [10, 11], [11, 12], [12, 14], [13, 10], [4, 13], [15, 17], [15, 18], [16, 18], [16, 19], [16, 20], [12, 21], [1, 24], [24, 23], [23, 25], [15, 26], [4, 28], [1, 28], [18, 27],
]

export const MESH_SERVICES = NAMES.length
export const MESH_EDGES = CALLS.length
export const MESH_NAMESPACES: readonly string[] = [...new Set(NAMES.map((name) => name.slice(name.indexOf('.') + 1)))]
export const MESH_MESSAGES = MESH_EDGES * 3

/** A capture of 30 named services in eight namespaces; every edge has three requests, some of them errors. */
export function meshCapture(): Uint8Array {
  return namedCapture(CALLS.flatMap(([from, to], at) => [0, 1, 2].map((turn) => exchangeOf(from, to, at * 3 + turn))), NAMES.map((name, at) => ({ ip: addressOf(at), names: [name] })))
}

function exchangeOf(from: number, to: number, at: number): Exchange {
  const name = NAMES[to]!.slice(0, NAMES[to]!.indexOf('.'))
  const status = at % 17 === 0 ? '503 Service Unavailable' : at % 11 === 0 ? '404 Not Found' : '200 OK'
  return {
    client: addressOf(from), server: addressOf(to), waitSeconds: 0.001 * (1 + at % 90),
    request: httpText(`GET /${name}/${at} HTTP/1.1`, [`Host: ${name}`]),
    response: httpText(`HTTP/1.1 ${status}`, ['Content-Type: application/json'], JSON.stringify({ at, name })),
  }
}

function addressOf(at: number): string {
  return `10.42.${at % 4}.${10 + at}`
}
