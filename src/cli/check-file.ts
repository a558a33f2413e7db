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
import { EVIDENCE_HELD_BYTES } from '../tap/evidence-line.ts'
import type { MessageTest } from '../tap/message-filter.ts'
import { messageTest } from '../tap/message-filter.ts'
import { tapFile } from '../tap/offline.ts'
import { checkNotes } from './check-notes.ts'
import { CheckPaths } from './check-paths.ts'
import type { CheckPlan } from './check-plan.ts'
import { sizeText } from './health-text.ts'
import { sayWarning } from './say.ts'
import { StatusLine } from './status-line.ts'

/** `check -r`: the whole file, then its report. A file that breaks off is judged up to there, and the report says so. */
export async function runCheckFile(path: string, { flags, tap }: CheckPlan, signal: AbortSignal): Promise<CheckReport> {
  const status = new StatusLine()
  const keyLogs = new KeyLogs(tap.keyLogs)
  keyLogs.require()
  const ledger = new Ledger()
  const paths = new CheckPaths()
  const digests = new ContentDigests()
  const chosen = new ChosenEdges()
  const choose = flags.filter === undefined ? undefined : chooser(messageTest(flags.filter), chosen)
  let ours = false
  const decrypts = tap.keyLogs.length > 0
  let health = emptyHealth()
  const deadline = AbortSignal.any([signal, ...(flags.for === undefined ? [] : [AbortSignal.timeout(flags.for)])])
  try {
    await tapFile(path, {
      settings: tap.settings, filter: tap.filter, decodeAs: tap.decodeAs, keyLogs, signal: deadline, frameMarks: true, heldBytes: EVIDENCE_HELD_BYTES,
      onProgress: (read, total) => status.draw(() => `reading ${total === undefined || total === 0 ? sizeText(read) : `${Math.floor(read / total * 100)} % of ${sizeText(total)}`} · ${countText(ledger.edges.size)} edges`),
    }, {
      section: (isOurs) => { ours = isOurs },
      message: (flow, message, context) => {
        choose?.(flow, message)
        const facts = ledger.read(message)
        ledger.add(flow, message, { frameAt: (atMicros) => context.frameAt(atMicros), facts, broken: context.broken })
        const digest = decrypts && (message.decrypted === true || flow.hop === 'clear') ? contentDigest(message) : undefined
        if (digest !== undefined) digests.add(flow, message, digest)
        paths.add(ours ? inNamespace(flow) : flow, message, facts)
        // What a filter looks for may come late in a connection.
        return !decrypts && (choose === undefined || chosen.has(flow)) && isEnough(message, context.said, paths.hasClearHops)
      },
    }, (h) => { health = h })
  } finally {
    keyLogs.close()
    status.clear()
    for (const text of keyLogs.warnings()) sayWarning(text)
  }
  ledger.end()
  paths.end()
  const filtered = flags.filter === undefined ? [] : chosen.applyTo(ledger, flags.filter)
  return buildReport(ledger, {
    version: VERSION, source: path === '-' ? 'standard input' : basename(path), packets: health.packets, notes: [...checkNotes(health, signal.aborted), ...filtered], ...(flags.filter !== undefined && { filter: flags.filter }),
    pathOf: (edge) => paths.pathOf(edge), digestOf: (edge) => digests.evidenceOf(edge),
  })
}

/** The first message of an edge that is let through chooses it. */
function chooser(wanted: MessageTest, chosen: ChosenEdges): (flow: FlowInfo, message: Message) => void {
  return (flow, message) => { if (!chosen.has(flow) && wanted(flow, message)) chosen.add(flow) }
}

/** In a file of ours an interface is a namespace, or `NAMESPACE/INTERFACE`. */
function inNamespace(flow: FlowInfo): FlowInfo {
  return flow.interface === undefined ? flow : { ...flow, namespace: flow.interface.replace(/\/[^/]*$/, '') }
}
