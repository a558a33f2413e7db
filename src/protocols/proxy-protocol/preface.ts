import { CLIENT } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, Sink } from '../protocol.ts'
import type { ProxyHeader } from './header.ts'
import { parseProxyHeader } from './header.ts'

const NONE = new Uint8Array(0)

/** Reads one header, tells it, and hands the connection on. */
export class ProxyPreface implements Dissector {
  readonly #sink: Sink
  #held: Uint8Array = NONE
  #firstMicros: Micros = -1
  #over = false

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get heldBytes(): number {
    return this.#held.length
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    if (this.#over) return
    if (this.#firstMicros < 0) this.#firstMicros = at
    // A server has nothing to say before it knows for whom.
    if (side !== CLIENT) return this.#disown()
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const header = parseProxyHeader(bytes)
    if (header === 'no') this.#disown()
    else if (header === 'more') this.#held = bytes === chunk ? chunk.slice() : bytes
    else this.#tell(header, bytes)
  }

  gap(): void {
    if (!this.#over) this.#disown()
  }

  end(side: Side): void {
    if (this.#over || this.#held.length === 0) return
    this.#over = true
    this.#sink.malformed(side, 'ended inside a PROXY header', this.#held.length)
  }

  #disown(): void {
    this.#over = true
    this.#held = NONE
    this.#sink.disown()
  }

  #tell(header: ProxyHeader, bytes: Uint8Array): void {
    this.#over = true
    const { version, isLocal, source, destination } = header
    this.#sink.message({
      protocol: 'proxy', atMicros: this.#firstMicros, elapsedMicros: undefined,
      what: isLocal ? `PROXY v${version}, for itself` : `PROXY v${version} ${source} → ${destination}`,
      status: undefined, outcome: 'none',
      request: { version, command: isLocal ? 'local' : 'proxy', ...(!isLocal && { source, destination }), bytes: header.bytes },
      response: undefined, complete: true, notes: [],
    })
    this.#held = NONE
    this.#sink.switchTo(undefined, bytes.subarray(header.bytes), NONE)
  }
}
