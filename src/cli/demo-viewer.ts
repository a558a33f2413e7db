import { MtlscopeError } from '../base/errors.ts'
import type { DemoViewer, ViewerPlace } from '../demo/viewer.ts'
import type { OpenedHub } from '../hub/open-hub.ts'
import { emptyHealth } from '../model/health.ts'
import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import { DEFAULT_REDACTION } from '../protocols/redaction.ts'
import { openBrowser } from './open-browser.ts'

/** Ports that are tried one after the other, then any. */
const PORTS_TRIED = 20

export interface DemoViewerOptions { readonly port: number | undefined, readonly browser: boolean }

/** The viewer on what the demo sees. The demo does not need it: where it cannot be, its place says why. */
export class HubOfDemo implements DemoViewer {
  readonly place: Promise<ViewerPlace>
  #opened: OpenedHub | undefined
  #health: Health = emptyHealth()
  /** What came before the hub was open. */
  #early: { readonly text: Uint8Array, readonly count: number }[] = []

  constructor(options: DemoViewerOptions) {
    this.place = this.#open(options).catch((error: unknown) => ({ note: `no viewer: ${reasonOf(error)}` }))
  }

  async #open({ port, browser }: DemoViewerOptions): Promise<ViewerPlace> {
    const { DEFAULT_PORT, openHub } = await import('../hub/open-hub.ts')
    const wanted = port ?? DEFAULT_PORT
    const ports = wanted === 0 ? [0] : [...Array.from({ length: PORTS_TRIED }, (_, i) => wanted + i).filter((next) => next <= 65_535), 0]
    const opened = await firstFree(ports, (free) => openHub({ kind: 'live', title: 'demo mesh', redaction: DEFAULT_REDACTION, replay: false, port: free, health: () => this.#health, onBug: (error) => console.error(error) }))
    this.#opened = opened
    for (const { text, count } of this.#early) void opened.add(text, count)
    this.#early = []
    if (browser) openBrowser(opened.address)
    return { address: opened.address, ...(wanted !== 0 && opened.port !== wanted && { note: `port ${wanted} is taken` }) }
  }

  lines(text: Uint8Array, count: number): void {
    if (this.#opened === undefined) this.#early.push({ text, count })
    else void this.#opened.add(text, count)
  }

  health(health: Health): void {
    this.#health = health
  }

  read(toMicros: Micros): void {
    this.#opened?.hub.joined.read(toMicros)
  }

  async close(): Promise<void> {
    await this.place
    await this.#opened?.close()
  }
}

async function firstFree(ports: readonly number[], open: (port: number) => Promise<OpenedHub>): Promise<OpenedHub> {
  let taken: unknown
  for (const port of ports) {
    try {
      return await open(port)
    } catch (error) {
      if (!isTaken(error)) throw error
      taken = error
    }
  }
  throw taken
}

function isTaken(error: unknown): boolean {
  return error instanceof MtlscopeError && error.code === 'cannot-listen' && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}

/** An older Node lacks what the hub is made of, and says so in its own words. */
function reasonOf(error: unknown): string {
  if (error instanceof MtlscopeError) return error.message
  return error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_BUILTIN_MODULE' ? `this Node (${process.version}) is too old for it; it needs 22.16 or later` : (error as Error).message
}
