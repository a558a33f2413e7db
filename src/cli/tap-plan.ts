import { MtlscopeError } from '../base/errors.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { LineFormat } from '../tap/output.ts'
import { helpHint } from './live-sources.ts'
import { namesPods } from './pod-flags.ts'
import { planRedaction } from './redaction-rules.ts'
import type { TapFlags } from './tap.ts'

/** What the flags of `tap` come to. */
export interface TapPlan {
  flags: TapFlags
  filter: PacketFilter | undefined
  /** `--filter`: which messages are shown. */
  messageFilter?: string
  settings: Settings
  format: LineFormat
  dissect: boolean
  /** Paths of --keylog. */
  keyLogs: readonly string[]
  /** Of --decode-as. */
  decodeAs?: DecodeAs
  /** Where frames go: a path, '-' for standard output. */
  writeTo: string | undefined
  /** Frames of different interfaces of a namespace are told apart. */
  interfacesApart?: boolean
  /** How often its end and its places are looked for, where that is not at once. */
  tickMs?: number
  /** Before the ids of flows, where several captures are brought together. */
  flowPrefix?: string
  /** Frames are handed over also without --write. */
  frames?: boolean
  mesh: boolean
  /** Pods of a Kubernetes node, as the flags name them. */
  pods: boolean
  /** Namespaces are entered again when the watch is over, so the rights to do so are kept. */
  keepsRights?: boolean
}

/** What is known of standard output. `columns` only where it is a terminal. */
export interface Terminal { stdout: boolean, colour: boolean, columns?: number }

/** Throws MtlscopeError 'usage' or 'bad-filter' where the flags contradict each other. */
export function planTap(flags: TapFlags, terminal: Terminal): TapPlan {
  const help = helpHint(flags)
  const live = [flags.interface, flags.pid, flags.netns].some((l) => l !== undefined)
  refuse(flags.read !== undefined && (live || flags.mesh === true || flags.ip !== undefined), '-r reads a file and cannot be combined with a live source', help)
  refuse(flags.sidecar !== undefined && (flags.read !== undefined || live || flags.mesh === true || flags.ip !== undefined), '--sidecar cannot be combined with another source', help)
  refuse(flags.write === '-' && flags.output !== undefined, '-w - and -o both want standard output', 'write to a file, or leave out -o')
  const pods = namesPods(flags)
  refuse(pods && (flags.read !== undefined || flags.sidecar !== undefined || flags.pid !== undefined || flags.netns !== undefined || flags.mesh === true || flags.ip !== undefined), 'pods cannot be combined with another source', help)
  refuse(!pods && (flags.kubeconfig !== undefined || flags.context !== undefined), '--kubeconfig and --context are for pods', 'name some: mtlscope tap -A, or mtlscope tap PODS -n NAMESPACE')
  refuse(!pods && (flags.remote === true || flags.image !== undefined || flags.agentNamespace !== undefined), '--remote, --image and --agent-namespace are for pods', 'name some: mtlscope tap -A, or mtlscope tap PODS -n NAMESPACE')
  const mesh = flags.mesh === true || flags.ip !== undefined || (flags.read === undefined && flags.sidecar === undefined && !live && !pods)
  refuse(flags.exe !== undefined && !mesh, '--exe names proxies that --mesh looks for', 'add --mesh, or leave out --exe')
  refuse(flags.ui !== undefined && (flags.read !== undefined || flags.sidecar !== undefined), '--ui is for a live capture', 'a file: mtlscope view FILE')
  const dissect = flags.write === undefined || flags.output !== undefined || flags.ui !== undefined
  return {
    flags,
    filter: planFilter(flags),
    ...(flags.filter !== undefined && { messageFilter: flags.filter }),
    settings: planSettings(flags, terminal.stdout),
    format: dissect ? planFormat(flags, terminal) : { kind: 'none' },
    dissect,
    keyLogs: flags.keylog ?? [],
    writeTo: flags.write,
    mesh, pods,
  }
}

function refuse(when: boolean, message: string, hint: string): void {
  if (when) throw new MtlscopeError('usage', message, { hint })
}

function planFilter(flags: TapFlags): PacketFilter | undefined {
  const { port = [], notPort = [], host = [] } = flags
  if (port.length + notPort.length + host.length === 0) return undefined
  return parsePacketFilter({ ports: port, notPorts: notPort, hosts: host })
}

function planFormat(flags: TapFlags, terminal: Terminal): LineFormat {
  const output = flags.output ?? (terminal.stdout ? 'compact' : 'json')
  return output === 'json' ? { kind: 'json' } : { kind: 'compact', colour: terminal.colour, utc: flags.utc === true, columns: terminal.columns }
}

/** The compact line shows no bodies, so none are kept for it. */
function planSettings(flags: TapFlags, stdoutIsTerminal: boolean): Settings {
  const json = flags.output === 'json' || (flags.output === undefined && !stdoutIsTerminal) || flags.ui !== undefined
  // What a filter looks at must be there.
  const details = json || flags.filter !== undefined
  return { ...DEFAULT_SETTINGS, details, bodyLimitBytes: details ? flags.bodyLimit : 0, ciphertextTurns: flags.records === true, redaction: planRedaction(flags.redact) }
}
