import { Command, Option } from 'commander'
import type { ListenAddress } from './ca-values.ts'
import { listenAddress } from './ca-values.ts'
import { addFrameFilters } from './capture-options.ts'
import { addClusterOptions } from './cluster-options.ts'
import { keepBounds } from './hub-values.ts'
import type { MeshIdentityFlags } from './mesh-identity.ts'
import { addIdentityOptions } from './mesh-identity.ts'
import { rule } from './redaction-rules.ts'
import type { TapFlags } from './tap.ts'
import { list, paths, sizeBytes, workers } from './values.ts'

export interface AgentFlags extends TapFlags, MeshIdentityFlags {
  listen: ListenAddress
  hubId: string
  node?: string
  /** False: --no-packets. */
  packets: boolean
  replay: boolean
}

const HELP = `
It runs on each node of a cluster, where mtlscope install puts it: captures there, keeps what it sees there, and answers the hub of the cluster only.
Without a source it captures in every pod of its node.

Examples:
  mtlscope agent -A --store /var/lib/mtlscope --hub-id spiffe://cluster.local/ns/mtlscope/sa/mtlscope-hub
  sudo mtlscope agent --mesh --cert agent.pem --key agent-key.pem --ca-bundle roots.pem --hub-id spiffe://shop.test/hub`

export function agentCommand(): Command {
  const command = addFrameFilters(addClusterOptions(new Command('agent')
    .description('capture on this node, keep it here, and answer the hub of the cluster')
    .addOption(new Option('--listen <address>', 'where the hub reaches it: host:port').argParser(listenAddress).default(listenAddress('0.0.0.0:8900'), '0.0.0.0:8900'))
    .requiredOption('--hub-id <spiffe id>', 'who may ask, and nobody else')
    .option('--node <name>', 'how this node is called (default: NODE_NAME, else its host name)')
    .option('--store <dir>', 'where messages and packets are kept; what is there from before is opened again', '/var/lib/mtlscope')
    .option('--keep <size,age>', 'bounds of what is kept, packets included (default: 1GiB,24h)', keepBounds)
    .option('--no-packets', 'keep messages only')
    .option('--no-replay', 'never send a captured request again')
    .optionsGroup('Sources:')
    .option('-A, --all-namespaces', 'pods of every namespace (default)')
    .option('-n, --namespace <name>', 'pods of this namespace (repeatable)', list)
    .option('--mesh', 'in place of pods: the proxies of the meshes of this machine')
    .option('-i, --interface <name>', 'an interface of this machine, or "any" (repeatable)', list)
    .option('--netns <name>', 'a named network namespace (repeatable)', list)
    .option('--exe <name>', 'further name of a proxy executable for --mesh (repeatable)', list)
    .option('--procfs <dir>', 'where the procfs is', '/proc')), 'What is captured:', '; never its own')
    .option('--filter <expression>', 'only messages that it lets through (docs/filter.md)')
    .option('--body-limit <size>', 'bytes kept of each body', sizeBytes, 64 * 1024)
    .option('--proto <path>', 'types of gRPC and protobuf messages (repeatable)', paths)
    .option('--decode-as <port=protocol>', 'assume a protocol at a port (repeatable)', list)
    .option('--redact <rule>', 'hide more: header:NAME, param:NAME, text:REGEX (repeatable); not in packets', rule)
    .option('--no-redact', 'hide nothing, not even Authorization, Cookie and passwords')
    .option('--workers <n>', 'capture threads (default: 1)', workers)
  return addIdentityOptions(command)
    .addHelpText('after', HELP)
    .action(async (flags: AgentFlags) => {
      const { runAgent } = await import('./agent-run.ts')
      process.exitCode = await runAgent(flags)
    })
}
