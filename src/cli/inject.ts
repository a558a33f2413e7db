import { Command, Option } from 'commander'
import { pullSecretOption } from './pull-secret.ts'

export interface InjectFlags { filename: string, image: string, imagePullPolicy?: string, imagePullSecret?: string[], ca?: string, audience: string, rules: 'init' | 'node' }

const HELP = `
The manifests come out on standard output, what was done with each on standard error. Comments, order and all other objects stay.
Left alone, with the reason: pods on the network of their node, those that have a sidecar already, and annotation mtlscope.io/inject=disabled.
Annotations of the pod template are in docs/cluster.md.

Examples:
  mtlscope inject -f deployment.yaml | kubectl apply -f -
  mtlscope inject -f deployment.yaml --ca mtlscope-ca.mtlscope.svc:8443 | kubectl apply -f -
  kubectl get deployment web -o yaml | mtlscope inject -f - --image registry.example/mtlscope:1 | kubectl apply -f -`

export function injectCommand(): Command {
  return new Command('inject')
    .description('add the sidecar to the pods of Kubernetes manifests')
    .requiredOption('-f, --filename <file>', 'YAML or JSON, any number of documents; - for standard input')
    .option('--image <name>', 'container image of mtlscope', 'mtlscope:latest')
    .addOption(new Option('--image-pull-policy <policy>', 'of both containers').choices(['Always', 'IfNotPresent', 'Never']))
    .addOption(pullSecretOption('pods pull it with'))
    .option('--ca <address>', 'pods get their certificate from this CA of the cluster, by the token of their account, instead of a secret: host:port')
    .option('--audience <name>', 'with --ca: audience of these tokens', 'mtlscope-ca')
    .addOption(new Option('--rules <who>', 'who sets the rules: an init container with NET_ADMIN, or mtlscope node-rules on the node').choices(['init', 'node']).default('init'))
    .addHelpText('after', HELP)
    .action(async (flags: InjectFlags) => {
      const { runInject } = await import('./inject-run.ts')
      runInject(flags)
    })
}
