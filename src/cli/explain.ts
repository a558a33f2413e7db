import { Command, Option } from 'commander'
import type { PodFlags, RemoteFlags } from './pod-flags.ts'
import { addClusterOptions } from './cluster-options.ts'
import { addRemoteOptions } from './remote-options.ts'
import { list, paths } from './values.ts'

const HELP = `
A packet is written as
  [tcp|udp|icmp|…] [app] [uid N] [gid N] [mark N] [no socket] [state S] [original|reply] [in INTERFACE] [SOURCE[:PORT]] -> [DESTINATION][:PORT]
"app" is uid and gid 1000; a uid alone is the gid, too; ":8080" is the pod's own address; IPv6 is written [fd00::3]:80.

Where a rule asks for something that is not modelled, and it matters, the answer is "unknown" and names the rule.

Exit codes: 0 no holes (or an answer), 1 holes found (or the answer is unknown), 2 usage, 3 not permitted here

Examples:
  sudo mtlscope explain --pid 4121                                       the ways in and out of that process' namespace
  sudo mtlscope explain --netns web --packet 'tcp app uid 1000 -> 10.0.0.3:80'
  mtlscope explain web-7c9d -n shop --holes                              a pod of a cluster, from a laptop too
  mtlscope explain --rules nat.txt --packet 'tcp in eth0 10.0.0.9:5555 -> :8080'
  sudo mtlscope explain --pid 4121 --holes                               every way around the proxy
  mtlscope explain --rules nat.txt,ip6.txt --holes -o sarif > holes.sarif
  mtlscope explain --rules nat.txt -o svg > ways.svg`

export interface ExplainFlags extends PodFlags, RemoteFlags {
  pid?: string
  netns?: string
  rules?: string[]
  address?: string[]
  packet?: string[]
  holes?: boolean
  output: 'text' | 'json' | 'svg' | 'sarif' | 'junit'
  procfs: string
  /** Of the pod whose process is meant, and what it is called. */
  podUid?: string[]
  place?: string
}

export function explainCommand(): Command {
  return addRemoteOptions(addClusterOptions(new Command('explain')
    .description('what the rules of a namespace let through: the ways in and out, the way of one packet, the holes')
    .argument('[pod]', 'a Kubernetes pod: on this node, or in a cluster from outside')
    .option('--pid <pid>', 'the network namespace of that process')
    .option('--netns <name>', 'the network namespace of that name (ip netns)')
    .option('--rules <file>', 'output of iptables-save, ip6tables-save or nft -j list ruleset; repeatable; - is standard input', list)
    .option('-n, --namespace <name>', 'of the pod (default: that of the context)', list)
    .option('-A, --all-namespaces', 'look for the pod in every namespace'))
    .option('--address <ip>', 'address of the pod whose rules they are; repeatable (default: 10.0.0.2, fd00::2)', list)
    .option('--packet <packet>', 'walk this packet through hooks, chains and rules; repeatable', paths)
    .option('--holes', 'find every way around the proxy')
    .addOption(new Option('-o, --output <format>', 'form of the output; sarif and junit with --holes, svg without').choices(['text', 'json', 'svg', 'sarif', 'junit']).default('text'))
    .addOption(new Option('--procfs <folder>', 'where procfs is mounted').default('/proc').hideHelp())
    .addOption(new Option('--pod-uid <uid>', 'of the pod whose namespace it is').argParser(list).hideHelp())
    .addOption(new Option('--place <name>', 'what that is called').hideHelp()))
    .addHelpText('after', HELP)
    .action(async (pods: string | undefined, flags: ExplainFlags) => {
      const { runExplain } = await import('./explain-run.ts')
      process.exitCode = await runExplain({ ...flags, pods })
    })
}
