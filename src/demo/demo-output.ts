import { HopJoin } from '../mesh/hop-join.ts'
import type { JoinedRequest } from '../mesh/hop-join.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import type { MessageObserver, TappedMessage } from '../tap/live-messages.ts'
import { printable } from '../tap/printable.ts'
import type { Interception } from './interception-plan.ts'
import { joinedLine, shownRequest } from './joined-request.ts'
import { ledTo, SHOP } from './plan.ts'
import { Screen } from './screen.ts'
import type { Segment } from './segment.ts'
import type { DemoSettings } from './settings.ts'
import type { OutputTerminal } from './terminal.ts'
import { TimeOrder } from './time-order.ts'
import type { ViewerPlace } from './viewer.ts'
import type { ViewerFeed } from './viewer-feed.ts'

/**
 * The ciphertext of one request is told from that of the next when the next begins; only then is it joined. On a new
 * connection it takes one more, because the server's session tickets stand before its first answer.
 */
const ORDER_MICROS = 1_600_000
/** Nobody should wait for the first line; a request that it caused is known by then. */
const FIRST_MICROS = 400_000

/** Everything that the demo says: requests to standard output, as lines for people or as JSON, and the rest around them. */
export class DemoOutput implements MessageObserver {
  readonly #settings: DemoSettings
  readonly #terminal: OutputTerminal
  readonly #screen: Screen | undefined
  readonly #feed: ViewerFeed | undefined
  readonly #order = new TimeOrder<JoinedRequest>(ORDER_MICROS, FIRST_MICROS)
  readonly #join = new HopJoin((request) => this.#order.add(request), { roleOf, leadsTo: ledTo, isTimeTold: true })
  #shown = 0

  constructor(settings: DemoSettings, terminal: OutputTerminal, feed?: ViewerFeed) {
    this.#feed = feed
    this.#settings = settings
    this.#terminal = terminal
    for (const { name, ip } of SHOP) this.#join.setPlace(name, [ip])
    if (settings.output === 'compact') {
      this.#screen = new Screen(terminal, { colour: settings.colour, utc: settings.utc, verbose: settings.verbose, names: SHOP.map((s) => s.name) })
    }
  }

  /** As many requests as were asked for have been shown. */
  get full(): boolean {
    return this.#shown >= (this.#settings.count ?? Infinity)
  }

  /** What there is to be seen; the first line. */
  header(interception: Interception, viewer: ViewerPlace = {}): void {
    this.#screen?.header(headerOf(this.#settings, interception), viewerSegments(viewer))
    if (this.#screen !== undefined) return
    process.stderr.write(`mtlscope: ${WAYS[interception].long}\n`)
    for (const { text } of viewerSegments(viewer)) process.stderr.write(`mtlscope: ${text}\n`)
  }

  step(text: string): void {
    if (this.#screen !== undefined && this.#terminal.isTTY) this.#screen.busy(`${text} …`)
    else process.stderr.write(`mtlscope: ${text}\n`)
  }

  warn(text: string): void {
    if (this.#screen !== undefined && this.#terminal.isTTY) this.#screen.note(printable(text))
    else process.stderr.write(`mtlscope: warning: ${printable(text)}\n`)
  }

  messages(batch: TappedMessage[]): void {
    this.#feed?.messages(batch)
    for (const message of batch) this.#join.add(message)
  }

  health(health: Health): void {
    this.#feed?.health(health)
    this.#screen?.health(health)
  }

  /** What found no partner in time is shown alone; not by the clock, which goes ahead of threads that are kept waiting. */
  read(toMicros: number): void {
    this.#feed?.read(toMicros)
    this.#join.advance(toMicros)
  }

  tick(): void {
    this.#showDue()
  }

  end(health: Health): void {
    this.#feed?.health(health)
    this.#join.end()
    for (const request of this.#order.takeAll()) this.#show(request)
    this.#screen?.end(health)
  }

  #showDue(): void {
    for (const request of this.#order.take(Date.now() * 1000)) this.#show(request)
  }

  #show(request: JoinedRequest): void {
    if (this.full) return
    this.#shown++
    if (this.#screen === undefined) this.#terminal.write(joinedLine(request))
    else this.#screen.request(shownRequest(request))
  }
}

/** A sidecar dials its app at 127.0.0.1 or at the namespace's own address, an app anything else. */
function roleOf(flow: FlowInfo): 'client' | 'server' {
  return flow.server.ip === '127.0.0.1' || SHOP.some(({ name, ip }) => name === flow.namespace && ip === flow.server.ip) ? 'server' : 'client'
}

/** How connections come to the sidecars. The short form leaves room for the header within 80 columns. */
const WAYS: Record<Interception, { short: string, long: string }> = {
  nft: { short: 'nft rules', long: 'rules of nft lead all TCP of the apps to their sidecars' },
  iptables: { short: 'iptables rules', long: 'rules of iptables lead all TCP of the apps to their sidecars' },
  listeners: { short: 'listeners', long: 'the apps dial explicit listeners of their sidecars' },
}

function viewerSegments({ address, note }: ViewerPlace): Segment[] {
  if (address !== undefined) return [{ text: `viewer ${address}${note === undefined ? '' : ` (${note})`}` }]
  return note === undefined ? [] : [{ text: note, colour: 'grey' }]
}

function headerOf(settings: DemoSettings, interception: Interception): Segment[] {
  const sidecars = SHOP.filter((service) => service.sidecar).length
  const kind = settings.proxy === 'envoy' ? 'Envoy sidecars' : 'sidecars'
  return [
    { text: 'mtlscope demo', colour: 'bold' },
    { text: `   ${SHOP.length} services · ${sidecars} ${kind} · ${SHOP.length - sidecars} bare · ${WAYS[interception].short}`, colour: 'grey' },
    { text: '   Ctrl-C stops', colour: 'grey' },
  ]
}
