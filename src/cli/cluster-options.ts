import type { Command } from 'commander'
import { list } from './values.ts'

/** How commands that need an API server find it. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'how the cluster is reached (default: KUBECONFIG, ~/.kube/config, the pod\'s own account)')
    .option('--context <name>', 'of the kubeconfig (default: the current one)')
}

/** Which pods, where some are named. */
export function addPodOptions(command: Command): Command {
  return addClusterOptions(command
    .option('-n, --namespace <name>', 'pods of this Kubernetes namespace (repeatable; default: that of the context)', list)
    .option('-A, --all-namespaces', 'pods of every namespace'))
}
