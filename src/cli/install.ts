import { Command, Option } from 'commander'

export interface InstallFlags { dryRun: true, namespace: string, image: string, imagePullPolicy?: string, explainRights?: boolean }

const HELP = `
The agents, one a node, tap all pods of their node and write a JSON object a message, without bodies, to their log.

Examples:
  mtlscope install --dry-run --image registry.example/mtlscope:1 | kubectl apply -f -
  mtlscope install --dry-run --explain-rights
  kubectl logs -n mtlscope -l app.kubernetes.io/component=agent -f
  mtlscope install --dry-run | kubectl delete -f -`

export function installCommand(): Command {
  return new Command('install')
    .description('the Kubernetes manifests of agents that tap every node')
    .requiredOption('--dry-run', 'print the manifests, for kubectl apply')
    .option('-n, --namespace <name>', 'where the agents live', 'mtlscope')
    .option('--image <name>', 'container image of mtlscope', 'mtlscope:latest')
    .addOption(new Option('--image-pull-policy <policy>', 'of the agents').choices(['Always', 'IfNotPresent', 'Never']))
    .option('--explain-rights', 'print what the agents may do, and why, instead')
    .addHelpText('after', HELP)
    .action(async (flags: InstallFlags) => {
      const { runInstall } = await import('./install-run.ts')
      runInstall(flags)
    })
}
