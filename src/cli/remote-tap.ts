import { healthLines } from './health-text.ts'
import { NodeRuns } from './node-runs.ts'
import type { Outside } from './outside.ts'
import { openOutside } from './outside.ts'
import { passedArgs, refuseLocal } from './remote-args.ts'
import { RemoteHealth } from './remote-health.ts'
import { readLines } from './remote-lines.ts'
import { say } from './say.ts'
import { StatusLine } from './status-line.ts'
import type { LiveOutput } from './tap-output.ts'
import { TapOutput } from './tap-output.ts'
import type { TapPlan } from './tap-plan.ts'
import type { TapFlags } from './tap.ts'

const HEALTH_EVERY = '2s'
const NOT_HERE = {
  keylog: 'run it on the node, where the key log is', proto: 'run it on the node, or with --ui and schemas in the viewer', write: 'packets: mtlscope sniff PODS -w FILE', exe: 'leave it out: pods are found without it',
}

/** `tap` of pods from outside the cluster: in the viewer of an installed hub, in one of its own (--ui), or as lines. */
export async function runTapRemote(plan: TapPlan, signal: AbortSignal): Promise<number> {
  const { flags } = plan
  refuseLocal({ ...flags }, NOT_HERE)
  const outside = await openOutside(flags)
  try {
    if (outside.agents.kind === 'installed' && wantsViewer(flags)) {
      const { viewHub } = await import('./remote-hub.ts')
      const code = await viewHub(outside, flags, signal)
      if (code !== undefined) return code
    }
    if (flags.ui === undefined) return await tapNodes(outside, plan, signal, (status) => new TapOutput(plan, status, false))
    const { runRemoteUi } = await import('./remote-ui.ts')
    return await runRemoteUi(outside, plan, signal)
  } finally {
    await outside.close()
  }
}

/** A pipe, a number and a time are for lines. */
function wantsViewer({ ui, output, count, for: forMs }: TapFlags): boolean {
  return output === undefined && count === undefined && (ui !== undefined || (forMs === undefined && process.stdout.isTTY === true))
}

/** Lines of all nodes into one output, until Ctrl-C, --for or -c. */
export async function tapNodes(outside: Outside, plan: TapPlan, signal: AbortSignal, openOutput: (status: StatusLine) => LiveOutput): Promise<number> {
  const status = new StatusLine()
  const output = openOutput(status)
  const health = new RemoteHealth()
  output.watch?.(() => health.total())
  const runs = new NodeRuns(outside, {
    args: ['tap', '--pods-from', '-', '--health-every', HEALTH_EVERY, ...formatArgs(plan), ...passedArgs(plan.flags)],
    read: (run, index) => readLines(run.process.stdout, { lines: (bytes, count) => output.lines(bytes, count), aside: (text) => health.take(index, text) }),
  })
  // Where nobody captured there is nothing to say of what was seen.
  await runs.start(signal)
  try {
    await runs.toTheEnd(signal, plan.flags.for, () => output.done)
  } finally {
    runs.close()
    health.refused.push(...runs.missing.map(({ node, why }) => ({ name: `node ${node}`, why })))
    await output.finish(health.total())
  }
  for (const line of healthLines(health.total(), output)) say(line)
  return 0
}

/** Agents have no terminal of their own: what is known of ours is told. */
function formatArgs({ format }: TapPlan): string[] {
  if (format.kind !== 'compact') return ['-o', 'json']
  return ['-o', 'compact', ...format.colour ? ['--colour'] : [], ...format.columns === undefined ? [] : ['--columns', String(format.columns)]]
}
