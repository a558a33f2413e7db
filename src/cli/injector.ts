import { Command, Option } from 'commander'
import type { ListenAddress } from './ca-values.ts'
import { listenAddress } from './ca-values.ts'
import { pullSecretOption } from './pull-secret.ts'

export interface InjectorFlags {
  listen: ListenAddress
  image: string
  imagePullPolicy?: string
  imagePullSecret?: string[]
  webhook: string
  ca?: string
  podCa?: string
  caBundle: string
  tokenFile: string
  audience: string
  rules: 'init' | 'node'
  kubeconfig?: string
  context?: string
}

const HELP = `
It runs in the cluster, where mtlscope install puts it. Its certificate comes from the CA of the cluster, by the token of its own account;
the roots that this stands under it writes into its MutatingWebhookConfiguration by itself. What pods get is what mtlscope inject would add.

Examples:
  mtlscope injector --image registry.example/mtlscope:1
  mtlscope injector --image registry.example/mtlscope:1 --ca mtlscope-ca.mtlscope.svc:8443 --pod-ca 10.96.0.80:8443`

export function injectorCommand(): Command {
  return new Command('injector')
    .description('the admission webhook that adds sidecars to the pods of a cluster')
    .addOption(new Option('--listen <address>', 'where to listen: host:port').argParser(listenAddress).default(listenAddress('0.0.0.0:9443'), '0.0.0.0:9443'))
    .requiredOption('--image <name>', 'container image of mtlscope that pods get')
    .addOption(new Option('--image-pull-policy <policy>', 'of it').choices(['Always', 'IfNotPresent', 'Never']))
    .addOption(pullSecretOption('pods pull it with, in their namespaces'))
    .option('--webhook <name>', 'its MutatingWebhookConfiguration', 'mtlscope-injector')
    .option('--ca <address>', 'the CA: host:port (default: mtlscope-ca.NAMESPACE.svc:8443 of its own namespace)')
    .option('--pod-ca <address>', 'how pods reach the CA (default: as --ca)')
    .option('--ca-bundle <file>', 'PEM file that the CA is verified with', '/etc/mtlscope/ca/mesh-ca.pem')
    .option('--token-file <file>', 'token that the CA knows the injector by', '/var/run/secrets/mtlscope/token')
    .option('--audience <name>', 'audience of the tokens that pods get', 'mtlscope-ca')
    .addOption(new Option('--rules <who>', 'who sets the rules of pods that do not say: an init container with NET_ADMIN, or mtlscope node-rules on the node').choices(['init', 'node']).default('init'))
    .option('--kubeconfig <file>', 'how to reach the cluster (default: KUBECONFIG, ~/.kube/config, the account of the pod)')
    .option('--context <name>', 'context of the kubeconfig')
    .addHelpText('after', HELP)
    .action(async (flags: InjectorFlags) => { process.exitCode = await (await import('./injector-run.ts')).runInjector(flags) })
}
