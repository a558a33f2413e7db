import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import { TimeText } from '../tap/time-text.ts'
import { Edges } from './edges.ts'
import { LiveRegion } from './live-region.ts'
import type { Terminal } from './live-region.ts'
import { Rows } from './row.ts'
import { countText } from '../base/text.ts'
import { renderLine } from './segment.ts'
import type { Segment } from './segment.ts'
import type { ShownRequest } from './shown-request.ts'

export interface ScreenOptions {
  colour: boolean
  utc: boolean
  verbose: boolean
  /** All workloads, so that columns need not move. */
  names: readonly string[]
}

/** Wide enough for everything, where no terminal sets a limit. */
const PLAIN_WIDTH = 132

/** The demo for people: a header, requests as they come, and a footer that sums up. */
export class Screen {
  readonly #terminal: Terminal
  readonly #region: LiveRegion
  readonly #options: ScreenOptions
  readonly #rows: Rows
  readonly #edges = new Edges()
  #health: Health = emptyHealth()
  #busy = ''
  #evidenceTold = ''

  constructor(terminal: Terminal, options: ScreenOptions) {
    this.#terminal = terminal
    this.#region = new LiveRegion(terminal)
    this.#options = options
    this.#rows = new Rows(options.names, new TimeText(options.utc))
  }

  /** What there is; where the viewer is before the last of it, or on a line of its own where there is no room. */
  header(segments: readonly Segment[], viewer: readonly Segment[] = []): void {
    const last = segments.at(-1)!
    const whole = [...segments.slice(0, -1), ...viewer.map((segment) => ({ ...segment, text: `   ${segment.text}` })), last]
    const lines = viewer.length === 0 ? [segments] : whole.reduce((sum, { text }) => sum + text.length, 0) <= this.#width ? [whole] : [segments, viewer]
    this.#region.print([...lines.map((line) => this.#line(line)), ''])
  }

  /** What is being done before there is anything to show; gone with the first request. */
  busy(text: string): void {
    this.#busy = text
    this.#drawFooter()
  }

  health(health: Health): void {
    this.#health = health
    if (this.#edges.size > 0) this.#drawFooter()
  }

  request(request: ShownRequest): void {
    this.#busy = ''
    const seen = this.#edges.add(request)
    const lines = [this.#line(this.#rows.row(request, this.#width))]
    if (request.hops.length > 0 && (seen === 'new' || this.#options.verbose)) lines.push(this.#line(this.#rows.hops(request)))
    if (request.evidence !== undefined && request.evidence !== this.#evidenceTold) lines.push(this.#evidence(request.evidence))
    if (seen === 'new' && !this.#terminal.isTTY) lines.push(this.#line(this.#edgeList()))
    this.#region.print(lines, this.#line(this.#summary()))
  }

  #evidence(text: string): string {
    this.#evidenceTold = text
    return this.#line([{ text: `${' '.repeat(15)}${text}`, colour: 'grey' }])
  }

  /** A line between the others: a warning, a step. */
  note(text: string): void {
    this.#region.print([this.#line([{ text: ` ${text}`, colour: 'grey' }])])
  }

  /** The last word: the summary stays. */
  end(health: Health): void {
    this.#health = health
    this.#region.clearFooter()
    this.#region.print(['', this.#line(this.#summary())])
  }

  #drawFooter(): void {
    const segments: Segment[] = this.#busy === '' ? this.#summary() : [{ text: ` ${this.#busy}`, colour: 'grey' }]
    this.#region.setFooter(this.#line(segments))
  }

  #summary(): Segment[] {
    const h = this.#health
    const dropped: Segment = { text: `dropped ${countText(h.droppedByKernel)}` }
    return [
      ...this.#edgeList(),
      { text: `      packets ${countText(h.packets)} · ` },
      h.droppedByKernel > 0 ? { ...dropped, colour: 'red' } : dropped,
      { text: ` · ${h.namespaces.length} namespaces` },
    ]
  }

  #edgeList(): Segment[] {
    if (this.#edges.size === 0) return [{ text: ' no request was seen', colour: 'grey' }]
    return [{ text: ' edges  ', colour: 'grey' }, ...this.#edges.segments()]
  }

  get #width(): number {
    return this.#terminal.isTTY ? this.#terminal.columns - 1 : PLAIN_WIDTH
  }

  #line(segments: readonly Segment[]): string {
    return renderLine(segments, this.#options.colour, this.#terminal.isTTY ? this.#width : Infinity)
  }
}
