import { Buffer } from 'node:buffer'
import { cutMiddle } from '../base/text.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Message, Outcome } from '../model/message.ts'
import type { LineBytes } from './line-bytes.ts'
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
const STATUS_WIDTH = 3
const ELAPSED_WIDTH = 8

export interface CompactOptions { colour: boolean, utc: boolean }

/** Who calls whom, as it stands in the lines of one flow until a column grows. */
interface Ends { layout: number, bytes: Uint8Array }

/** Lines for people: time, who calls whom, what, how it ended, how long it took, and whether it could be read on a wire. */
export class CompactLines {
  readonly #colour: boolean
  readonly #time: TimeText
  readonly #encrypted: Uint8Array
  readonly #inside: Uint8Array
  readonly #unread: Uint8Array
  readonly #clear: Uint8Array
  readonly #ends = new WeakMap<FlowInfo, Ends>()
  /** Counts how often a column grew. */
  #layout = 0
  #clientWidth = 9
  #serverWidth = 9
  #namespaceWidth = 4

  constructor(options: CompactOptions) {
    this.#colour = options.colour
    this.#time = new TimeText(options.utc)
    // Sign and word, as everywhere: a clear hop inside a pod is expected and never red.
    this.#encrypted = Buffer.from('  ═══ encrypted')
    this.#inside = Buffer.from('  ' + this.#paint(GREY, '─── clear, inside'))
    this.#unread = Buffer.from('  ' + this.#paint(GREY, ' ?  unread'))
    this.#clear = Buffer.from('  ' + this.#paint(RED, '─── CLEAR on the wire'))
  }

  add(line: LineBytes, flow: FlowInfo, m: Message): void {
    line.spaces(1)
    line.text(this.#time.clock(m.atMicros))
    line.encoded(this.#endsOf(flow))
    const what = cutMiddle(printable(m.what), WHAT_WIDTH)
    line.text(what)
    line.spaces(WHAT_WIDTH + 2 - what.length)
    this.#addStatus(line, m)
    const elapsed = m.elapsedMicros === undefined ? '' : durationText(m.elapsedMicros)
    line.spaces(2 + ELAPSED_WIDTH - elapsed.length)
    line.text(elapsed)
    line.encoded(this.#place(flow, m.protocol))
    if (!m.complete) this.#addNote(line, m)
    line.text('\n')
  }

  #addStatus(line: LineBytes, { status, outcome }: Message): void {
    const text = status === undefined ? '  –' : printable(String(status))
    const colour = this.#colour ? OUTCOME_COLOUR[outcome] : ''
    if (colour !== '') line.text(colour)
    line.spaces(STATUS_WIDTH - text.length)
    line.text(text)
    if (colour !== '') line.text(RESET)
  }

  #addNote(line: LineBytes, { notes }: Message): void {
    if (notes.length > 0) line.text(this.#paint(GREY, `  (${printable(notes[0]!)})`))
  }

  #endsOf(flow: FlowInfo): Uint8Array {
    const known = this.#ends.get(flow)
    if (known?.layout === this.#layout) return known.bytes
    const client = endpointText(flow.client)
    const server = endpointText(flow.server)
    this.#widen(client.length, server.length, flow.namespace)
    const bytes = Buffer.from(`  ${this.#namespace(flow)}${client.padEnd(this.#clientWidth)} → ${server.padEnd(this.#serverWidth)}  `)
    this.#ends.set(flow, { layout: this.#layout, bytes })
    return bytes
  }

  #widen(client: number, server: number, namespace: string | undefined): void {
    const [clientWidth, serverWidth, namespaceWidth] = [this.#clientWidth, this.#serverWidth, this.#namespaceWidth]
    this.#clientWidth = Math.max(clientWidth, Math.min(client, MAX_ENDPOINT))
    this.#serverWidth = Math.max(serverWidth, Math.min(server, MAX_ENDPOINT))
    if (namespace !== undefined) this.#namespaceWidth = Math.max(namespaceWidth, namespaceText(namespace).length)
    if (clientWidth !== this.#clientWidth || serverWidth !== this.#serverWidth || namespaceWidth !== this.#namespaceWidth) this.#layout++
  }

  /** Where it was seen: on the loopback the addresses do not tell. */
  #namespace({ namespace }: FlowInfo): string {
    return namespace === undefined ? '' : this.#paint(GREY, namespaceText(namespace).padEnd(this.#namespaceWidth)) + '  '
  }

  #place(flow: FlowInfo, protocol: string): Uint8Array {
    if (protocol === 'tls') return this.#encrypted
    if (flow.hop === 'clear') return this.#inside
    return protocol === 'tcp' ? this.#unread : this.#clear
  }

  #paint(colour: string, text: string): string {
    return this.#colour && colour !== '' ? colour + text + RESET : text
  }
}

function namespaceText(namespace: string): string {
  return cutMiddle(printable(namespace), MAX_NAMESPACE)
}

function endpointText(e: Endpoint): string {
  if (e.name !== undefined) return printable(e.name)
  return e.ip.includes(':') ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`
}
