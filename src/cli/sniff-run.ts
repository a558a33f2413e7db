import { MtlscopeError } from '../base/errors.ts'
import { countText } from '../base/text.ts'
import { MeshFollower } from '../mesh/follow.ts'
import { readCapabilities } from '../sys/capabilities.ts'
import type { LiveSource } from '../tap/control.ts'
import { interruptSignal } from './interrupt.ts'
import { planSources } from './live-sources.ts'
import { say, sayWarning } from './say.ts'
import { SniffFrames } from './sniff-frames.ts'
import { SniffOutput } from './sniff-output.ts'
import type { SniffPlan } from './sniff-plan.ts'
import { planSniff } from './sniff-plan.ts'
import { SniffSecrets } from './sniff-secrets.ts'
import { Wireshark } from './sniff-wireshark.ts'
import type { SniffFlags } from './sniff.ts'
import { runTapLive } from './tap-live.ts'
import type { TapFlags } from './tap.ts'
import { TapOutput } from './tap-output.ts'

/** Runs `mtlscope sniff`; resolves with the exit code. */
export async function runSniff(filter: readonly string[], flags: SniffFlags): Promise<number> {
  const plan = planSniff(filter, flags, process.stdout.isTTY === true)
  const signal = interruptSignal()
  try {
    if (plan.tap.pods && await (await import('./outside.ts')).isFromOutside(plan.tap.flags)) return await (await import('./remote-sniff.ts')).runSniffRemote(plan, signal)
    return await capture(plan, signal)
  } finally {
    if (flags.podsFrom !== undefined) (await import('./session-input.ts')).SessionInput.open().release()
    signal.dispose()
  }
}

/** Before a window opens that would close again at once and tell nobody why. */
function requireRights(): void {
  if (readCapabilities().has('CAP_NET_RAW')) return
  throw new MtlscopeError('not-permitted', 'cannot capture packets', { hint: 'needs CAP_NET_RAW; try: mtlscope doctor' })
}

/** Those that are there: of what comes later only addresses are known. */
function meshSources({ procfs, exe = [] }: TapFlags): LiveSource[] {
  const follower = new MeshFollower({ procfs, exes: exe })
  follower.poll()
  const sources = [...follower.namespaces.values()].map(({ name, path, inode }): LiveSource => ({ name, path, inode, capture: 'netns', interfaces: ['any'] }))
  follower.close()
  return sources
}

async function capture(plan: SniffPlan, signal: AbortSignal): Promise<number> {
  const sources = [...planSources(plan.tap.flags), ...(plan.tap.mesh ? meshSources(plan.tap.flags) : [])]
  const secrets = plan.keyLogs.length === 0 ? undefined : new SniffSecrets(plan.keyLogs)
  if (secrets !== undefined) sayWarning('the capture will hold secrets: whoever has it reads what these connections said')
  const frames = new SniffFrames({ procfs: plan.tap.flags.procfs, sources, comments: plan.comments })
  if (plan.wireshark) requireRights()
  const wireshark = plan.wireshark ? Wireshark.start() : undefined
  try {
    return await runTapLive(plan.tap, signal, (status) => new SniffOutput(new TapOutput(plan.tap, status, false, wireshark), frames, secrets))
  } finally {
    if (secrets !== undefined) say(`${countText(secrets.written)} secrets written`)
    await wireshark?.end()
  }
}
