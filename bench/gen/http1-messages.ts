import { SeededRandom } from './seeded-random.ts'

/** Stands for the number of the exchange in a message; `numbered` writes over it. */
const NUMBER_DIGITS = 12
const PLACEHOLDER = '#'.repeat(NUMBER_DIGITS)
const POOL_SIZE = 512
const POST_SHARE = 5

const HOSTS = ['shop.example', 'cart.shop.svc.cluster.local:8080', 'catalogue.shop.svc.cluster.local', 'users.internal:9000']
const RESOURCES = ['products', 'carts', 'orders', 'users', 'prices', 'reviews', 'stock', 'sessions']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0',
  'Go-http-client/1.1', 'okhttp/4.12.0', 'python-requests/2.32.3',
]
const WORDS = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'haven', 'indigo', 'jasper', 'kelp', 'lumen']

/** A message with the places where the number of its exchange goes. */
export interface NumberedMessage { readonly bytes: Uint8Array, readonly places: readonly number[] }

/** A request and the answer to it. */
export interface Exchange { readonly request: NumberedMessage, readonly response: NumberedMessage }

/** Some hundred exchanges that differ in method, path, headers and size. */
export function exchangePool(seed: number): Exchange[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: POOL_SIZE }, () => {
    const post = random.between(1, POST_SHARE) === 1
    return { request: request(random, post), response: response(random, post) }
  })
}

/** Writes `number` into the message, in place: every exchange of a capture is another. */
export function numbered(message: NumberedMessage, number: number): Uint8Array {
  for (const place of message.places) {
    for (let i = place + NUMBER_DIGITS - 1, rest = number; i >= place; i--, rest = Math.floor(rest / 10)) message.bytes[i] = 0x30 + rest % 10
  }
  return message.bytes
}

function request(random: SeededRandom, post: boolean): NumberedMessage {
  const target = `/api/v1/${random.pick(RESOURCES)}/${random.between(1, 99_999)}?trace=${PLACEHOLDER}`
  const body = post ? json(random, random.between(60, 900)) : ''
  const lines = [
    `${post ? 'POST' : 'GET'} ${target} HTTP/1.1`, `Host: ${random.pick(HOSTS)}`, `User-Agent: ${random.pick(AGENTS)}`,
    'Accept: application/json, text/plain, */*', 'Accept-Encoding: gzip, deflate, br', 'Accept-Language: en-GB,en;q=0.8,de;q=0.5',
    `X-Request-Id: ${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${PLACEHOLDER}`,
    `Cookie: session=${hex(random, 32)}; theme=dark`, 'Connection: keep-alive',
    ...(post ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
  ]
  return assemble(lines, body)
}

function response(random: SeededRandom, post: boolean): NumberedMessage {
  // Small answers are more common than large ones.
  const share = random.between(0, 1000) / 1000
  const body = json(random, Math.round(200 + 1300 * share * share))
  return assemble([
    post ? 'HTTP/1.1 201 Created' : 'HTTP/1.1 200 OK', 'Server: nginx/1.26.1', 'Date: Thu, 20 Jun 2024 09:30:00 GMT',
    'Content-Type: application/json; charset=utf-8', `Content-Length: ${body.length}`, 'Cache-Control: private, max-age=0',
    `ETag: W/"${hex(random, 16)}"`, `X-Trace: ${PLACEHOLDER}`, 'Vary: Accept-Encoding', 'Connection: keep-alive',
  ], body)
}

/** A JSON object of exactly that many bytes. */
function json(random: SeededRandom, sizeBytes: number): string {
  const head = `{"id":"${PLACEHOLDER}","items":[`
  const tail = '],"note":"'
  let items = ''
  for (;;) {
    const item = `${items === '' ? '' : ','}{"sku":"${random.pick(WORDS)}-${random.between(100, 999)}","qty":${random.between(1, 9)},"price":${random.between(100, 9999)}}`
    if (head.length + items.length + item.length + tail.length + 2 > sizeBytes) break
    items += item
  }
  const start = head + items + tail
  return `${start}${'.'.repeat(Math.max(0, sizeBytes - start.length - 2))}"}`
}

function assemble(lines: readonly string[], body: string): NumberedMessage {
  const text = `${lines.join('\r\n')}\r\n\r\n${body}`
  const places: number[] = []
  for (let at = text.indexOf(PLACEHOLDER); at !== -1; at = text.indexOf(PLACEHOLDER, at + NUMBER_DIGITS)) places.push(at)
  return { bytes: new TextEncoder().encode(text), places }
}

function hex(random: SeededRandom, digits: number): string {
  let text = ''
  while (text.length < digits) text += random.word().toString(16).padStart(8, '0')
  return text.slice(0, digits)
}
