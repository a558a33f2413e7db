import { Command, Option } from 'commander'
import type { ListenAddress } from './ca-values.ts'
import { listenAddress } from './ca-values.ts'
import { addClusterOptions } from './cluster-options.ts'
import type { MeshIdentityFlags } from './mesh-identity.ts'
import { addIdentityOptions } from './mesh-identity.ts'
import { paths } from './values.ts'
import { port } from './hub-values.ts'

export interface HubFlags extends MeshIdentityFlags {
  agent?: string[]
  kubeAgents?: string
  agentPort: number
  agentId: string
  listen: ListenAddress
  probe?: ListenAddress
  accessTokenFile?: string
  tlsCert?: string
  tlsKey?: string
  title: string
  replay: boolean
  kubeconfig?: string
  context?: string
}

const HELP = `
It keeps nothing: what it is asked goes down to the agents, and what they answer is merged. An agent that does not answer is left out, named, and back by itself.
On a loopback the viewer needs no token, so that kubectl port-forward reaches it; on any other address it does.

Examples:
  mtlscope hub --kube-agents mtlscope/app.kubernetes.io/component=agent --agent-id spiffe://cluster.local/ns/mtlscope/sa/mtlscope-agent
  mtlscope hub --agent https://10.0.0.7:8900 --agent-id spiffe://shop.test/agent --cert hub.pem --key hub-key.pem --ca-bundle roots.pem`

export function hubCommand(): Command {
  const command = new Command('hub')
    .description('one viewer on the agents of a cluster')
    .option('--agent <url>', 'an agent: https://host:port (repeatable)', paths)
    .option('--kube-agents <namespace/selector>', 'the pods of this namespace and label selector are agents, followed as they come and go')
    .option('--agent-port <n>', 'port of agents in pods', port, 8900)
    .requiredOption('--agent-id <spiffe id>', 'who agents are; anybody else who answers is refused')
    .addOption(new Option('--listen <address>', 'of the viewer: host:port').argParser(listenAddress).default(listenAddress('127.0.0.1:8899'), '127.0.0.1:8899'))
    .addOption(new Option('--probe <address>', 'answer GET /healthz here, to anybody, over plain HTTP').argParser(listenAddress))
    .option('--access-token-file <file>', 'token that viewers need where it listens on no loopback (default: one is made up and printed)')
    .option('--tls-cert <file>', 'speak TLS to viewers with this certificate chain (PEM)')
    .option('--tls-key <file>', 'and this key')
    .option('--title <text>', 'of the page', 'cluster')
    .option('--no-replay', 'never have a captured request sent again')
  return addIdentityOptions(addClusterOptions(command))
    .addHelpText('after', HELP)
    .action(async (flags: HubFlags) => {
      const { runHub } = await import('./hub-run.ts')
      process.exitCode = await runHub(flags)
    })
}
