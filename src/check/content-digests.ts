import { createHash } from 'node:crypto'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Edge } from './edge.ts'
import { edgeKeyOf } from './ledger.ts'
import { nameOf } from './edge.ts'
import type { Evidence } from './verdict.ts'

const MAX_CLEAR = 50_000
const MAX_EDGES = 5000
const MAX_OF_EDGE = 1000
const SHOWN_CHARS = 16
const SHOWN_LINE_CHARS = 80
/** Of method and path: what is longer is told by its beginning. */
const MAX_LINE_CHARS = 256

type Half = Readonly<Record<string, unknown>>

/**
 * Digest of what a request and its answer say, the same wherever they are read: method and path, status, bodies as they were kept. Proxies change
 * headers, so these are left out. Undefined where something is missing. Needs `Settings.details` and a limit of bodies.
 */
export function contentDigest(message: Message): string | undefined {
  if (!message.complete || message.status === undefined || message.protocol === 'tls' || message.protocol === 'tcp') return undefined
  const halves = [message.request, message.response].map((half) => {
    const { body, bodyText, bodyBase64, bodyBytes, truncated } = (half ?? {}) as Half
    return [body, bodyText, bodyBase64, bodyBytes, truncated]
  })
  return createHash('sha256').update(JSON.stringify([message.what, message.status, halves])).digest('hex')
}

/** Of one request: the line that it is called by, and the digest of all of it. */
interface Content { readonly line: string, readonly digest: string }

/** Compares what was decrypted on the wire with what was read on loopbacks. */
export class ContentDigests {
  readonly #clear = new Set<string>()
  /** Lines of the clear hops: what has one and another content was changed on its way. */
  readonly #clearLines = new Set<string>()
  readonly #decrypted = new Map<string, Map<string, Content>>()

  add(flow: FlowInfo, { what, status, decrypted }: Message, digest: string): void {
    const line = `${what.slice(0, MAX_LINE_CHARS)} ${status}`
    if (decrypted !== true) {
      if (flow.hop !== 'clear' || this.#clear.size >= MAX_CLEAR) return
      this.#clear.add(digest)
      this.#clearLines.add(line)
      return
    }
    const key = edgeKeyOf(nameOf(flow.client), nameOf(flow.server), flow.server.port)
    const own = this.#decrypted.get(key) ?? new Map<string, Content>()
    if (own.size === 0 && this.#decrypted.size >= MAX_EDGES) return
    this.#decrypted.set(key, own)
    if (own.size < MAX_OF_EDGE) own.set(digest, { line, digest })
  }

  /** Empty where nothing was decrypted, or nothing of it was read in the clear as well. */
  evidenceOf(edge: Edge): Evidence[] {
    const own = [...this.#decrypted.get(edgeKeyOf(edge.client, edge.server, edge.port))?.values() ?? []]
    const same = own.filter(({ digest }) => this.#clear.has(digest))
    const changed = own.filter(({ digest, line }) => !this.#clear.has(digest) && this.#clearLines.has(line))
    return [
      ...(same.length === 0 ? [] : [digestEvidence(`${same.length} of ${own.length} different requests that were decrypted on the wire are what the clear hops carried, by SHA-256 over method, path, status and bodies: ${shown(same)}`)]),
      ...(changed.length === 0 ? [] : [digestEvidence(`${changed.length} of ${own.length} different requests that were decrypted on the wire are not what the clear hops carried under the same method, path and status: ${shown(changed)}; a proxy changed them, or they are of somebody else`)]),
    ]
  }
}

function digestEvidence(what: string): Evidence {
  return { kind: 'digest', what }
}

/** The first of them. */
function shown([first]: readonly Content[]): string {
  return `${first!.line.slice(0, SHOWN_LINE_CHARS)}, ${first!.digest.slice(0, SHOWN_CHARS)}…`
}
