import { MtlscopeError } from '../base/errors.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { LineFormat } from '../tap/output.ts'
import { planRedaction } from './redaction-rules.ts'
import type { TapFlags } from './tap.ts'

/** What the flags of `tap` come to. */
export interface TapPlan {
  flags: TapFlags
  filter: PacketFilter | undefined
  settings: Settings
  format: LineFormat
  dissect: boolean
  /** Paths of --keylog. */
  keyLogs: readonly string[]
  /** Of --decode-as. */
  decodeAs?: DecodeAs
  /** Where frames go: a path, '-' for standard output. */
  writeTo: string | undefined
  mesh: boolean
}

/** What is known of standard output. `columns` only where it is a terminal. */
export interface Terminal { stdout: boolean, colour: boolean, columns?: number }

/** Throws MtlscopeError 'usage' or 'bad-filter' where the flags contradict each other. */
export function planTap(flags: TapFlags, terminal: Terminal): TapPlan {
  const live = [flags.interface, flags.pid, flags.netns].some((l) => l !== undefined)
  refuse(flags.read !== undefined && (live || flags.mesh === true || flags.ip !== undefined), '-r reads a file and cannot be combined with a live source')
  refuse(flags.write === '-' && flags.output !== undefined, '-w - and -o both want standard output', 'write to a file, or leave out -o')
  const mesh = flags.mesh === true || flags.ip !== undefined || (flags.read === undefined && !live)
  refuse(flags.exe !== undefined && !mesh, '--exe names proxies that --mesh looks for', 'add --mesh, or leave out --exe')
  const dissect = flags.write === undefined || flags.output !== undefined
  return {
    flags,
    filter: planFilter(flags),
    settings: planSettings(flags, terminal.stdout),
    format: dissect ? planFormat(flags, terminal) : { kind: 'none' },
    dissect,
    keyLogs: flags.keylog ?? [],
    writeTo: flags.write,
    mesh,
  }
}

function refuse(when: boolean, message: string, hint = 'see: mtlscope tap --help'): void {
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
  const json = flags.output === 'json' || (flags.output === undefined && !stdoutIsTerminal)
  return { ...DEFAULT_SETTINGS, details: json, bodyLimitBytes: json ? flags.bodyLimit : 0, ciphertextTurns: flags.records === true, redaction: planRedaction(flags.redact) }
}
