import { MtlscopeError } from '../base/errors.ts'
import { jsonText } from '../base/json-text.ts'
import { VERSION } from '../base/version.ts'
import { findHoles } from '../intercept/explain/find-holes.ts'
import { HOLE_KINDS } from '../intercept/explain/hole.ts'
import { junitReport } from '../intercept/explain/report-junit.ts'
import { sarifReport } from '../intercept/explain/report-sarif.ts'
import { holesText } from '../intercept/explain/report-text.ts'
import { describeWays } from '../intercept/explain/ways.ts'
import { waysSvg, waysText } from '../intercept/explain/ways-text.ts'
import { walkText } from '../intercept/explain/walk-text.ts'
import { endText, packetText, parsePacket } from '../intercept/netfilter/packet-text.ts'
import { outcomeText } from '../intercept/netfilter/outcome-text.ts'
import { walkPacket } from '../intercept/netfilter/packet-walk.ts'
import type { Outcome, Walk } from '../intercept/netfilter/outcome.ts'
import type { Packet } from '../intercept/netfilter/packet.ts'
import { countRules } from '../intercept/netfilter/ruleset.ts'
import { printable } from '../tap/printable.ts'
import type { ExplainFlags } from './explain.ts'
import { readSubject } from './explain-subject.ts'
import { namesPods } from './pod-flags.ts'
import type { ReadSubject } from './explain-subject.ts'
import { sayWarning } from './say.ts'
import { SyncOutput } from './stdout.ts'

/** The exit code: 1 where holes were found or an answer is unknown. */
export async function runExplain(given: ExplainFlags): Promise<number> {
  refuseFormat(given)
  const flags = await withPod(given)
  if (typeof flags === 'number') return flags
  const read = await readSubject(flags)
  for (const warning of read.warnings) sayWarning(warning)
  const output = new SyncOutput(1, 'the output')
  const write = (text: string): void => output.write(text)
  if (flags.packet !== undefined) return explainPackets(flags, read, write)
  return flags.holes === true ? explainHoles(flags, read, write) : explainWays(flags, read, write)
}

/** What reads a kubeconfig and speaks to an API server is of no use to others. */
async function withPod(flags: ExplainFlags): Promise<ExplainFlags | number> {
  return namesPods(flags) || flags.podUid !== undefined ? await (await import('./explain-pod.ts')).explainPod(flags) : flags
}

function refuseFormat({ output, holes, packet }: ExplainFlags): void {
  const wrong = output === 'svg' ? holes === true || packet !== undefined : (output === 'sarif' || output === 'junit') && (holes !== true || packet !== undefined)
  if (wrong) throw new MtlscopeError('usage', `-o ${output} ${output === 'svg' ? 'is a picture of the ways, and none of holes or packets' : 'needs --holes'}`, { hint: 'see: mtlscope explain --help' })
  if (holes === true && packet !== undefined) throw new MtlscopeError('usage', 'only one of --packet and --holes', { hint: 'see: mtlscope explain --help' })
}

/** Names of chains and processes are other people's: nothing in them reaches the terminal as a command. */
function lines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function explainPackets(flags: ExplainFlags, { subject }: ReadSubject, write: (text: string) => void): number {
  const packets = flags.packet!.map((text) => {
    const parsed = parsePacket(text, subject.world)
    if (!parsed.ok) throw new MtlscopeError('bad-packet', `${parsed.problem.what} (column ${parsed.problem.column})`, { hint: parsed.problem.hint })
    return parsed.packet
  })
  const walks = packets.map((packet) => ({ packet, walk: walkPacket(subject.netfilter, subject.world, packet, true) }))
  if (flags.output === 'json') write(`${jsonText(walks.map(({ packet, walk }) => walkJson(packet, walk)))}\n`)
  else write(lines(walks.map(({ packet, walk }) => walkText(packet, walk)).join('\n\n')))
  return walks.some(({ walk }) => walk.outcome.kind === 'unknown') ? 1 : 0
}

function walkJson(packet: Packet, walk: Walk): object {
  const steps = walk.trace.map((entry) => entry.kind === 'rule' ? { kind: 'rule', line: entry.rule.line, rule: entry.rule.text, matched: entry.matched, why: entry.why } : { kind: entry.kind, text: entry.text })
  return { packet: packetText(packet), outcome: outcomeJson(walk.outcome), steps, stepsLeftOut: walk.untraced }
}

function outcomeJson(outcome: Outcome): object {
  const by = 'by' in outcome && outcome.by !== undefined ? { line: outcome.by.line, rule: outcome.by.text } : {}
  const text = outcomeText(outcome)
  if (outcome.kind === 'arrives') {
    return { kind: outcome.kind, text, how: outcome.how, at: endText(outcome.address, outcome.port), original: endText(outcome.originalAddress, outcome.originalPort), ...by }
  }
  if (outcome.kind === 'leaves') return { kind: outcome.kind, text, interface: outcome.interface, to: endText(outcome.address, outcome.port), ...by }
  return { kind: outcome.kind, text, why: outcome.why, ...by }
}

function explainHoles(flags: ExplainFlags, { subject, place, artifact }: ReadSubject, write: (text: string) => void): number {
  const report = findHoles(subject)
  const mesh = subject.mesh?.name ?? null
  if (flags.output === 'json') write(`${jsonText({ place, mesh, holes: report.holes.map((hole) => ({ ...hole, point: HOLE_KINDS[hole.kind].point })), notes: report.notes, unchecked: report.unchecked, unknown: report.unknown })}\n`)
  else if (flags.output === 'sarif') write(`${jsonText(sarifReport(report, { version: VERSION, artifact, place }))}\n`)
  else if (flags.output === 'junit') write(junitReport(report, place))
  else write(lines(`${title({ subject, place })}\n\n${holesText(report)}`))
  return report.holes.length > 0 || report.unknown.length > 0 ? 1 : 0
}

function explainWays(flags: ExplainFlags, read: ReadSubject, write: (text: string) => void): number {
  const ways = describeWays(read.subject)
  if (flags.output === 'json') write(`${jsonText({ place: read.place, mesh: read.subject.mesh?.name ?? null, ways })}\n`)
  else if (flags.output === 'svg') write(waysSvg(ways, title(read)))
  else write(lines(waysText(ways, title(read))))
  return 0
}

function title({ subject, place }: Pick<ReadSubject, 'subject' | 'place'>): string {
  const count = countRules(subject.netfilter.tables)
  return `${place}: ${subject.mesh === undefined ? (count === 0 ? 'no rules' : 'rules of no mesh that is known') : `rules of ${subject.mesh.name}`}${count === 0 ? '' : `, ${count} of them`}`
}
