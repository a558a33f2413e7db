import type { AppConfig } from './app-config.ts'
import { answerAd } from './shop/ads.ts'
import { Client } from './shop/call.ts'
import { Cart } from './shop/cart.ts'
import { serve } from './shop/serve.ts'
import type { Call, Reply } from './shop/serve.ts'
import { Stock } from './shop/stock.ts'
import { visit } from './shop/web.ts'

/** Program of every app of the shop: `app.ts CONFIG-AS-JSON`. Says `ready` when it accepts; `web` then clicks once its stdin says `go`. */
async function main(config: AppConfig): Promise<void> {
  process.title = config.service
  if (config.listen !== undefined) await serve(config.listen, answerer(config))
  else process.stdin.once('data', () => click(config))
  process.stdout.write('ready\n')
}

function answerer(config: AppConfig): (call: Call) => Reply | Promise<Reply> {
  if (config.service === 'ads') return answerAd
  if (config.service === 'cart') {
    const cart = new Cart(clientOf(config, 'stock'))
    return (call) => cart.answer(call)
  }
  const stock = new Stock()
  return (call) => stock.answer(call)
}

/** The ciphertext of a request is told apart when the next one begins: with these the first lines of the screen come sooner. */
const FIRST_CLICKS = 4
const FIRST_CLICKS_MS = 100

/** At a steady pace, whether or not the last click has been answered: visitors do not wait for each other. */
function click(config: AppConfig): void {
  const backends = { cart: clientOf(config, 'cart'), ads: clientOf(config, 'ads') }
  let round = 0
  const one = (): void => {
    visit(backends, round++).catch((error: Error) => process.stderr.write(`${error.message}\n`))
  }
  for (let n = 0; n < FIRST_CLICKS; n++) setTimeout(one, n * FIRST_CLICKS_MS)
  const timer = setInterval(one, 1000 / config.rate)
  // With the end of stdin the visits end, and with the last answer this process.
  process.stdin.once('end', () => clearInterval(timer))
}

function clientOf(config: AppConfig, service: string): Client {
  const address = config.calls[service]
  if (address === undefined) throw new Error(`${config.service} was not told where ${service} is`)
  return new Client(service, address)
}

main(JSON.parse(process.argv[2] ?? '') as AppConfig).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
