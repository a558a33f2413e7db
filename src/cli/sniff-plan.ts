import { MtlscopeError } from '../base/errors.ts'
import { namesPods } from './pod-flags.ts'
import { isFilterWord, parseFilterWords } from './sniff-filter.ts'
import type { SniffFlags } from './sniff.ts'
import type { TapPlan } from './tap-plan.ts'
import { planTap } from './tap-plan.ts'

/** What `sniff` comes to: a tap that only writes frames, and who reads them. */
export interface SniffPlan { readonly tap: TapPlan, readonly wireshark: boolean, readonly keyLogs: readonly string[], readonly comments: boolean }

/** Throws MtlscopeError 'usage' or 'bad-filter'. */
export function planSniff(filter: readonly string[], flags: SniffFlags, stdoutIsTerminal: boolean): SniffPlan {
  const { wireshark = false, keylog = [], comments } = flags
  const isElsewhere = flags.mesh === true || flags.podsFrom !== undefined || [flags.pid, flags.netns].some((names) => names !== undefined)
  const pods = isElsewhere || isFilterWord(filter[0]) ? undefined : filter[0]
  const ofPods = namesPods({ ...flags, pods })
  refuse(!ofPods && flags.mesh !== true && [flags.pid, flags.netns, flags.interface].every((names) => names === undefined), 'nothing to sniff', 'name a place: a pod, --pid PID, --netns NAME, --mesh, or -i any')
  refuse(wireshark && flags.write !== undefined, '--wireshark and -w both want the packets', 'save them in Wireshark, or open the file there')
  const write = wireshark ? '-' : flags.write ?? (stdoutIsTerminal ? undefined : '-')
  refuse(write === undefined, 'packets go to a file or a program, not to a terminal', 'add -w FILE, or --wireshark, or a pipe: | tshark -r -')
  refuse(write === '-' && stdoutIsTerminal && !wireshark, 'packets go to a file or a program, not to a terminal', 'pipe it: mtlscope sniff … -w - | tshark -r -')
  const words = parseFilterWords(pods === undefined ? filter : filter.slice(1))
  const tap = planTap({
    ...flags, command: 'sniff', pods, keylog: undefined, write, bodyLimit: 0,
    port: joined(flags.port, words.port), notPort: joined(flags.notPort, words.notPort), host: joined(flags.host, words.host),
  }, { stdout: stdoutIsTerminal, colour: false })
  return { tap: { ...tap, interfacesApart: true }, wireshark, keyLogs: keylog, comments }
}

function joined(flag: readonly string[] | undefined, words: readonly string[]): string[] | undefined {
  return flag === undefined && words.length === 0 ? undefined : [...flag ?? [], ...words]
}

function refuse(when: boolean, message: string, hint: string): void {
  if (when) throw new MtlscopeError('usage', message, { hint })
}
