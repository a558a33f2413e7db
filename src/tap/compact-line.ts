import { cutMiddle } from '../base/text.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Message, Outcome } from '../model/message.ts'
import { printable } from './printable.ts'
import { TimeText, durationText } from './time-text.ts'

const RESET = '\x1b[0m'
const GREY = '\x1b[90m'
const RED = '\x1b[31m'
/** Status colours: 1xx grey, 2xx default, 3xx blue, 4xx amber, 5xx red. */
const OUTCOME_COLOUR: Record<Outcome, string> = {
  'info': GREY, 'ok': '', 'redirect': '\x1b[34m', 'client-error': '\x1b[33m', 'server-error': RED, 'none': GREY,
}
/** Widest that an endpoint column grows to; what is longer pushes its own line only. */
const MAX_ENDPOINT = 28
const MAX_NAMESPACE = 24
const WHAT_WIDTH = 44

export interface CompactOptions { colour: boolean, utc: boolean }

/** Lines for people: time, who calls whom, what, how it ended, how long it took, and whether it could be read on a wire. */
export class CompactLines {
  readonly #colour: boolean
  readonly #time: TimeText
  #clientWidth = 9
  #serverWidth = 9
  #namespaceWidth = 4

  constructor(options: CompactOptions) {
    this.#colour = options.colour
    this.#time = new TimeText(options.utc)
  }

  line(flow: FlowInfo, m: Message): string {
    const client = endpointText(flow.client)
    const server = endpointText(flow.server)
    if (client.length > this.#clientWidth) this.#clientWidth = Math.min(client.length, MAX_ENDPOINT)
    if (server.length > this.#serverWidth) this.#serverWidth = Math.min(server.length, MAX_ENDPOINT)
    const what = cutMiddle(printable(m.what), WHAT_WIDTH).padEnd(WHAT_WIDTH)
    const status = m.status === undefined ? '  –' : printable(String(m.status)).padStart(3)
    const elapsed = (m.elapsedMicros === undefined ? '' : durationText(m.elapsedMicros)).padStart(8)
    const place = this.#place(flow, m)
    const notes = m.complete || m.notes.length === 0 ? '' : this.#paint(GREY, `  (${printable(m.notes[0]!)})`)
    return ` ${this.#time.clock(m.atMicros)}  ${this.#namespace(flow)}${client.padEnd(this.#clientWidth)} → ${server.padEnd(this.#serverWidth)}  `
      + `${what}  ${this.#paint(OUTCOME_COLOUR[m.outcome], status)}  ${elapsed}  ${place}${notes}\n`
  }

  /** Where it was seen: on the loopback the addresses do not tell. */
  #namespace({ namespace }: FlowInfo): string {
    if (namespace === undefined) return ''
    const name = cutMiddle(printable(namespace), MAX_NAMESPACE)
    if (name.length > this.#namespaceWidth) this.#namespaceWidth = name.length
    return this.#paint(GREY, name.padEnd(this.#namespaceWidth)) + '  '
  }

  /** Sign and word, as everywhere: a clear hop inside a pod is expected and never red. */
  #place(flow: FlowInfo, m: Message): string {
    if (m.protocol === 'tls') return '═══ encrypted'
    if (flow.hop === 'clear') return this.#paint(GREY, '─── clear, inside')
    return m.protocol === 'tcp' ? this.#paint(GREY, ' ?  unread') : this.#paint(RED, '─── CLEAR on the wire')
  }

  #paint(colour: string, text: string): string {
    return this.#colour && colour !== '' ? colour + text + RESET : text
  }
}

function endpointText(e: Endpoint): string {
  if (e.name !== undefined) return printable(e.name)
  return e.ip.includes(':') ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`
}
