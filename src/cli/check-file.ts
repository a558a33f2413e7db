import { basename } from 'node:path'
import { VERSION } from '../base/version.ts'
import { countText } from '../base/text.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import { ChosenEdges } from '../check/chosen-edges.ts'
import { ContentDigests, contentDigest } from '../check/content-digests.ts'
import { isEnough } from '../check/enough.ts'
import { Ledger } from '../check/ledger.ts'
import { buildReport } from '../check/report.ts'
import type { CheckReport } from '../check/verdict.ts'
import type { FlowInfo } from '../model/flow.ts'
import { emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { FlowContext } from '../tap/engine.ts'
import { EVIDENCE_HELD_BYTES } from '../tap/evidence-line.ts'
import type { MessageTest } from '../tap/message-filter.ts'
import { messageTest } from '../tap/message-filter.ts'
import type { OfflineEmitter } from '../tap/offline.ts'
import { tapFile } from '../tap/offline.ts'
import { checkNotes } from './check-notes.ts'
import { CheckPaths } from './check-paths.ts'
import type { CheckPlan } from './check-plan.ts'
import { sizeText } from './health-text.ts'
import { sayWarning } from './say.ts'
import { StatusLine } from './status-line.ts'

/** `check -r`: the whole file, then its report. A file that breaks off is judged up to there, and the report says so. */
export async function runCheckFile(path: string, plan: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  const { flags, tap } = plan
  const status = new StatusLine()
  const keyLogs = new KeyLogs(tap.keyLogs)
  keyLogs.require()
  const seen = new FileEvidence(plan)
  let health = emptyHealth()
  const deadline = AbortSignal.any([signal, ...(flags.for === undefined ? [] : [AbortSignal.timeout(flags.for)])])
  try {
    await tapFile(path, {
      settings: tap.settings, filter: tap.filter, decodeAs: tap.decodeAs, keyLogs, signal: deadline, frameMarks: true, heldBytes: EVIDENCE_HELD_BYTES,
      onProgress: (read, total) => status.draw(() => progressText(read, total, seen.ledger.edges.size)),
    }, seen, (h) => { health = h })
  } finally {
    keyLogs.close()
    status.clear()
    for (const text of keyLogs.warnings()) sayWarning(text)
  }
  const { ledger, paths, digests } = seen
  const filtered = seen.end()
  return buildReport(ledger, {
    version: VERSION, source: path === '-' ? 'standard input' : basename(path), packets: health.packets, notes: [...checkNotes(health, signal.aborted), ...filtered], ...(flags.filter !== undefined && { filter: flags.filter }),
    pathOf: (edge) => paths.pathOf(edge), digestOf: (edge) => digests.evidenceOf(edge),
  })
}

function progressText(read: number, total: number | undefined, edges: number): string {
  const share = total === undefined || total === 0 ? sizeText(read) : `${Math.floor(read / total * 100)} % of ${sizeText(total)}`
  return `reading ${share} · ${countText(edges)} edges`
}

/** What the messages of a file prove. */
class FileEvidence implements OfflineEmitter {
  readonly ledger = new Ledger()
  readonly paths = new CheckPaths()
  readonly digests = new ContentDigests()
  readonly #filter: string | undefined
  readonly #wanted: MessageTest | undefined
  readonly #chosen = new ChosenEdges()
  readonly #decrypts: boolean
  /** This program wrote the file. */
  #ours = false

  constructor({ flags, tap }: CheckPlan) {
    this.#filter = flags.filter
    this.#wanted = flags.filter === undefined ? undefined : messageTest(flags.filter)
    this.#decrypts = tap.keyLogs.length > 0
  }

  section(ours: boolean): void {
    this.#ours = ours
  }

  /** True: no more is wanted of this connection. */
  message(flow: FlowInfo, message: Message, context: FlowContext): boolean {
    this.#choose(flow, message)
    const facts = this.ledger.read(message)
    this.ledger.add(flow, message, { frameAt: (atMicros) => context.frameAt(atMicros), facts, broken: context.broken })
    const digest = this.#decrypts && (message.decrypted === true || flow.hop === 'clear') ? contentDigest(message) : undefined
    if (digest !== undefined) this.digests.add(flow, message, digest)
    this.paths.add(this.#ours ? inNamespace(flow) : flow, message, facts)
    // What a filter looks for may come late in a connection.
    return !this.#decrypts && (this.#wanted === undefined || this.#chosen.has(flow)) && isEnough(message, context.said, this.paths.hasClearHops)
  }

  /** The first message of an edge that is let through chooses it. */
  #choose(flow: FlowInfo, message: Message): void {
    if (this.#wanted !== undefined && !this.#chosen.has(flow) && this.#wanted(flow, message)) this.#chosen.add(flow)
  }

  /** Nothing more comes: edges that `--filter` does not choose go; notes for the report. */
  end(): string[] {
    this.ledger.end()
    this.paths.end()
    return this.#filter === undefined ? [] : this.#chosen.applyTo(this.ledger, this.#filter)
  }
}

/** In a file of ours an interface is a namespace, or `NAMESPACE/INTERFACE`. */
function inNamespace(flow: FlowInfo): FlowInfo {
  return flow.interface === undefined ? flow : { ...flow, namespace: flow.interface.replace(/\/[^/]*$/, '') }
}
