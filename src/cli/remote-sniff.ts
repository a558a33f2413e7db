import { countText } from '../base/text.ts'
import { emptyHealth } from '../model/health.ts'
import { NodeRuns } from './node-runs.ts'
import type { Outside } from './outside.ts'
import { openOutside } from './outside.ts'
import { passedArgs, refuseLocal } from './remote-args.ts'
import { readBlocks, RemoteBlocks } from './remote-blocks.ts'
import { say, sayWarning } from './say.ts'
import { SniffOutput } from './sniff-output.ts'
import type { SniffPlan } from './sniff-plan.ts'
import { SniffSecrets } from './sniff-secrets.ts'
import { Wireshark } from './sniff-wireshark.ts'
import { StatusLine } from './status-line.ts'
import { TapOutput } from './tap-output.ts'

/** `sniff` of pods from outside the cluster: packets of all nodes in one pcapng, or one Wireshark. */
export async function runSniffRemote(plan: SniffPlan, signal: AbortSignal): Promise<number> {
  refuseLocal({ ...plan.tap.flags }, { exe: 'leave it out: pods are found without it' })
  const outside = await openOutside(plan.tap.flags)
  try {
    return await sniffNodes(outside, plan, signal)
  } finally {
    await outside.close()
  }
}

async function sniffNodes(outside: Outside, plan: SniffPlan, signal: AbortSignal): Promise<number> {
  const { tap } = plan
  const secrets = plan.keyLogs.length === 0 ? undefined : new SniffSecrets(plan.keyLogs)
  if (secrets !== undefined) sayWarning('the capture will hold secrets: whoever has it reads what these connections said')
  const blocks = new RemoteBlocks()
  let output: SniffOutput | undefined
  let open: (output: SniffOutput) => void = () => {}
  const opened = new Promise<SniffOutput>((resolve) => { open = resolve })
  const runs = new NodeRuns(outside, {
    args: ['sniff', '--pods-from', '-', '-w', '-', ...plan.comments ? [] : ['--no-comments'], ...passedArgs({ interface: tap.flags.interface, port: tap.flags.port, notPort: tap.flags.notPort, host: tap.flags.host, workers: tap.flags.workers })],
    read: async (run, index) => {
      const isWhole = await readBlocks(run.process.stdout, async (bytes) => await (await opened).frames(index, bytes))
      if (!isWhole) sayWarning(`node ${run.agent.node} sent what is no pcapng`)
    },
  })
  let wireshark: Wireshark | undefined
  try {
    // Before a window opens, or a file is emptied, there is somebody who captures; what they send meanwhile waits.
    await runs.start(signal)
    if (signal.aborted) return 0
    wireshark = plan.wireshark ? Wireshark.start() : undefined
    output = new SniffOutput(new TapOutput(tap, new StatusLine(), false, wireshark), blocks, secrets)
    const file = output
    open(file)
    await runs.toTheEnd(signal, tap.flags.for, () => file.done)
  } finally {
    runs.close()
    await output?.finish(emptyHealth())
    if (output !== undefined) say(`${countText(output.framesWritten)} frames written`)
    if (secrets !== undefined) say(`${countText(secrets.written)} secrets written`)
    await wireshark?.end()
  }
  return 0
}
