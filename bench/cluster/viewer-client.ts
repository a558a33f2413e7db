import type { LiveEvents, MessagesPage } from '../../src/model/api.ts'

/** What somebody who looks on gets. */
export class ViewerClient {
  readonly #base: string
  readonly #stop = new AbortController()
  rows = 0
  skipped = 0
  /** Of each event: how old the newest message in it was. */
  readonly lagMs: number[] = []

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}/api/v1`
  }

  /** Milliseconds, and the page. */
  async page(query: Readonly<Record<string, string>>): Promise<{ ms: number, page: MessagesPage }> {
    const startMs = performance.now()
    const response = await fetch(`${this.#base}/messages?${new URLSearchParams(query)}`)
    if (response.status !== 200) throw new Error(await response.text())
    return { page: await response.json() as MessagesPage, ms: performance.now() - startMs }
  }

  async nodes(): Promise<number> {
    const { nodes } = await (await fetch(`${this.#base}/health`)).json() as { nodes: { state: string }[] }
    return nodes.filter(({ state }) => state === 'answers').length
  }

  /** Reads the live stream until `close`. */
  async live(q: string): Promise<void> {
    const { body } = await fetch(`${this.#base}/live?${new URLSearchParams({ q })}`, { signal: this.#stop.signal })
    let text = ''
    try {
      for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const events = text.split('\n\n')
        text = events.pop()!
        for (const event of events) this.#take(event)
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }

  #take(event: string): void {
    const [, name] = /^event: (\w+)$/m.exec(event) ?? []
    const [, data] = /^data: (.*)$/m.exec(event) ?? []
    if (name === 'skipped') this.skipped += (JSON.parse(data!) as LiveEvents['skipped']).count
    if (name !== 'rows') return
    const { rows } = JSON.parse(data!) as LiveEvents['rows']
    this.rows += rows.length
    if (rows.length > 0) this.lagMs.push(Date.now() - rows.at(-1)!.atMicros / 1000)
  }

  close(): void {
    this.#stop.abort()
  }
}
