import { MtlscopeError } from '../base/errors.ts'
import { KubeClient } from '../kube/client.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { PodScan } from '../kube/pod-processes.ts'
import type { Pod } from '../kube/pod.ts'
import { podName } from '../kube/pod.ts'
import { ClusterPods } from '../kube/session/cluster-pods.ts'
import { planPodChoice } from '../kube/pod-choice.ts'
import type { ExplainFlags } from './explain.ts'
import { interruptSignal } from './interrupt.ts'
import { NodeRuns } from './node-runs.ts'
import { isFromOutside, openOutside, requirePods } from './outside.ts'
import { SyncOutput } from './stdout.ts'

/** What a pod comes to: the flags of a process of it on this node, or, from outside, the exit code of an agent's answer. */
export async function explainPod(flags: ExplainFlags): Promise<ExplainFlags | number> {
  if (flags.podUid !== undefined) return { ...flags, pid: String(pidOf(flags.procfs, flags.podUid, flags.place ?? 'the pod')) }
  if (flags.pid !== undefined || flags.netns !== undefined || flags.rules !== undefined) throw new MtlscopeError('usage', 'only one of a pod, --pid, --netns and --rules', { hint: 'see: mtlscope explain --help' })
  if (await isFromOutside(flags)) return await explainRemote(flags)
  const pod = await findPod(flags)
  return { ...flags, place: podName(pod), pid: String(pidOf(flags.procfs, pod.cgroupUids, podName(pod), pod.node)) }
}

async function findPod(flags: ExplainFlags): Promise<Pod> {
  const access = readClusterAccess(flags)
  const client = new KubeClient(access)
  try {
    const choice = planPodChoice(flags.pods, flags.namespace, flags.allNamespaces === true, access.namespace)
    const pods = await ClusterPods.open(client, choice, () => {})
    pods.close()
    requirePods(pods, flags, choice)
    return onePod(pods, flags.pods)
  } finally {
    client.close()
  }
}

/** The one of that name, or the only one that matches. */
function onePod(pods: ClusterPods, pattern: string | undefined): Pod {
  const running = [...pods.byNode().values()].flat()
  const exact = running.filter(({ name }) => name === pattern)
  const found = exact.length > 0 ? exact : running
  if (found.length === 1) return found[0]!
  throw new MtlscopeError('usage', `${found.length} pods match ${pattern ?? ''}, and rules are those of one`, { hint: `one of: ${found.slice(0, 10).map(podName).join(', ')}${found.length > 10 ? ', …' : ''} (-n NAMESPACE)` })
}

function pidOf(procfs: string, uids: readonly string[], name: string, node?: string): number {
  const found = new PodScan(procfs).scan()
  const pid = uids.map((uid) => found.get(uid)?.pids[0]).find((one) => one !== undefined)
  if (pid !== undefined) return pid
  throw new MtlscopeError('no-such-pod', `no process of ${name} is on this machine`, { hint: node === undefined ? 'it may have ended' : `it is on node ${node}; try: --remote` })
}

async function explainRemote(flags: ExplainFlags): Promise<number> {
  const outside = await openOutside(flags)
  const signal = interruptSignal()
  try {
    const pod = onePod(outside.pods, flags.pods)
    const output = new SyncOutput(1, 'the output')
    const reading: Promise<void>[] = []
    const runs = new NodeRuns(outside, {
      args: agentArgs(flags, pod), nodes: [pod.node!],
      read: (run) => { reading.push((async () => { for await (const chunk of run.process.stdout as AsyncIterable<Buffer>) output.write(chunk) })()) },
    })
    try {
      await runs.start(signal)
      const [run] = runs.runs
      if (run === undefined || signal.aborted) return 1
      signal.addEventListener('abort', () => run.close(), { once: true })
      const exit = await run.exited
      await Promise.all(reading)
      if (exit.code < 0 && !signal.aborted) throw run.lost(exit)
      return exit.code < 0 ? 1 : exit.code
    } finally {
      runs.close()
    }
  } finally {
    await outside.close()
    signal.dispose()
  }
}

function agentArgs({ packet = [], holes, output }: ExplainFlags, pod: Pod): string[] {
  return ['explain', '--pod-uid', pod.cgroupUids.join(','), '--place', podName(pod), ...packet.flatMap((text) => ['--packet', text]), ...holes === true ? ['--holes'] : [], '-o', output]
}
