import { Command, Option } from 'commander'
import { pullSecretOption } from './pull-secret.ts'
import { durationMs } from './values.ts'

/** Where the API server is. */
export interface ClusterFlags { kubeconfig?: string, context?: string }

/** What `install` and `upgrade` have in common; what is not given an upgrade takes from what is there. */
export interface InstallFlags extends ClusterFlags {
  namespace?: string, namespaceOnly?: string, only?: string, image?: string, imagePullPolicy?: string, imagePullSecret?: string[], trustDomain?: string, keepTraffic?: string, networkPolicy?: boolean, nodeRules?: boolean
  dryRun?: boolean, explainRights?: boolean, wait: boolean, timeout: number, keep?: boolean
}

export interface UninstallFlags extends ClusterFlags { namespace?: string, namespaceOnly?: string, keepData?: boolean, image?: string, imagePullSecret?: string[], force?: boolean, wait: boolean }

const TIMEOUT_MS = 180_000

const INSTALL_HELP = `
Parts: ca (certificates), injector (sidecars into new pods), agents (one a node, see its traffic), hub (brings the agents together).
--only tap is ca, agents and hub; --only secure is ca and injector. Where a part does not become ready, the pod and the reason are told,
and what this run created is removed again. Afterwards: mtlscope tap -A opens the viewer.

Examples:
  mtlscope install --image registry.example/mtlscope:1
  mtlscope install --image registry.example/mtlscope:1 --image-pull-secret registry
  mtlscope install --only tap --dry-run | kubectl apply -f -
  mtlscope install --explain-rights             what each account may do, and why
  mtlscope install --namespace-only team-a      for who has just one namespace`

export function installCommand(): Command {
  return withInstallOptions(new Command('install').description('install agents, hub, CA and injector into a Kubernetes cluster'))
    .option('--dry-run', 'print the manifests, ask nobody and change nothing')
    .option('--explain-rights', 'print every right of every account, and why, instead')
    .addHelpText('after', INSTALL_HELP)
    .action(async (flags: InstallFlags) => {
      const { runInstall } = await import('./install-run.ts')
      await runInstall(flags)
    })
}

export function upgradeCommand(): Command {
  return withInstallOptions(new Command('upgrade').description('bring an installation to this version, or to other options; data and identities stay'))
    .addHelpText('after', `
What is not named stays as it is: parts, image, trust domain. Objects that an older version had and this one has not are removed.

Example:
  mtlscope upgrade --image registry.example/mtlscope:2`)
    .action(async (flags: InstallFlags) => {
      const { runUpgrade } = await import('./upgrade-run.ts')
      await runUpgrade(flags)
    })
}

export function uninstallCommand(): Command {
  return withCluster(new Command('uninstall').description('remove an installation from a Kubernetes cluster, all of it'))
    .option('-n, --namespace <name>', 'where it lives (default: mtlscope)')
    .option('--namespace-only <name>', 'remove one that was installed so, and look nowhere else')
    .option('--keep-data', 'leave what the agents stored on their nodes')
    .option('--image <name>', 'removes the data on the nodes where the agents are gone already (after helm uninstall)')
    .addOption(pullSecretOption('that image is pulled with'))
    .option('--force', 'take pods on nodes that do not answer out of Kubernetes, whether they still run or not')
    .option('--no-wait', 'do not wait until everything is gone')
    .addHelpText('after', `
Also what the parts made themselves: the ConfigMaps of the CA in other namespaces, the folders of the agents on their nodes.
Labels on your own namespaces stay, and so do sidecars, until their pods are made anew. What is gone already is no error.
A node that does not answer is named and not waited for; what stays there is told, with exit code 1.

Examples:
  mtlscope uninstall
  mtlscope uninstall --keep-data                 what the agents stored stays on their nodes
  mtlscope uninstall --namespace-only team-a     what was installed with that option`)
    .action(async (flags: UninstallFlags) => {
      const { runUninstall } = await import('./uninstall-run.ts')
      await runUninstall(flags)
    })
}

function withInstallOptions(command: Command): Command {
  return withCluster(command)
    .option('-n, --namespace <name>', 'where it lives (default: mtlscope)')
    .option('--namespace-only <name>', 'live in this namespace of yours and touch nothing else')
    .option('--only <parts>', 'tap, secure, or some of ca, injector, agents, hub')
    .option('--image <name>', 'container image of mtlscope (default: mtlscope:latest)')
    .addOption(new Option('--image-pull-policy <policy>', 'of all parts').choices(['Always', 'IfNotPresent', 'Never']))
    .addOption(pullSecretOption('all parts and injected pods pull the image with, in their namespaces'))
    .option('--trust-domain <name>', 'of the identities that the CA gives; counts when the CA is made (default: cluster.local)')
    .option('--keep-traffic <size,time>', 'how much and how long each agent stores (default: 1GiB,24h)')
    .option('--node-rules', 'agents set the rules of injected pods, which then need no NET_ADMIN')
    .option('--network-policy', 'NetworkPolicies for the parts, where the network enforces them')
    .option('--no-wait', 'do not wait until the parts are ready')
    .addOption(new Option('--timeout <duration>', 'how long to wait for each part').argParser(durationMs).default(TIMEOUT_MS, '3m'))
    .option('--keep', 'leave what this run created where a part does not become ready')
}

function withCluster(command: Command): Command {
  return command.option('--kubeconfig <file>', 'how the API server is reached').option('--context <name>', 'of the kubeconfig')
}
