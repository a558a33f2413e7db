import { Command } from 'commander'

export interface NodeRulesFlags { node?: string, procfs: string, kubeconfig?: string, context?: string }

const HELP = `
Pods that are annotated mtlscope.io/rules=node have no container that may set rules. This sets them from outside, in the network namespaces of the pods of
its node; until then such a pod waits. It needs CAP_NET_ADMIN and CAP_SYS_ADMIN, CAP_SYS_PTRACE, the processes of its node (hostPID), and may list and watch pods.

Examples:
  mtlscope node-rules
  mtlscope node-rules --node node-7 --kubeconfig /etc/kubernetes/kubelet.conf`

export function nodeRulesCommand(): Command {
  return new Command('node-rules')
    .description('set the rules of pods of this node that may not set them themselves')
    .option('--node <name>', 'name of this node in the cluster (default: NODE_NAME, else its host name)')
    .option('--procfs <folder>', 'where the procfs of the node is', '/proc')
    .option('--kubeconfig <file>', 'how to reach the cluster (default: KUBECONFIG, ~/.kube/config, the account of the pod)')
    .option('--context <name>', 'context of the kubeconfig')
    .addHelpText('after', HELP)
    .action(async (flags: NodeRulesFlags) => { process.exitCode = await (await import('./node-rules-run.ts')).runNodeRules(flags) })
}
