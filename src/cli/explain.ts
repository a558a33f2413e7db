import { Command, Option } from 'commander'
import { list, paths } from './values.ts'

const HELP = `
A packet is written as
  [tcp|udp|icmp|…] [app] [uid N] [gid N] [mark N] [no socket] [state S] [in INTERFACE] [SOURCE[:PORT]] -> [DESTINATION][:PORT]
"app" is uid and gid 1000; a uid alone is the gid, too; ":8080" is the pod's own address; IPv6 is written [fd00::3]:80.

Where a rule asks for something that is not modelled, and it matters, the answer is "unknown" and names the rule.

Exit codes: 0 no holes (or an answer), 1 holes found (or the answer is unknown), 2 usage, 3 not permitted here

Examples:
  sudo mtlscope explain --pid 4121                                       the ways in and out of that process' namespace
  sudo mtlscope explain --netns web --packet 'tcp app uid 1000 -> 10.0.0.3:80'
  mtlscope explain --rules nat.txt --packet 'tcp in eth0 10.0.0.9:5555 -> :8080'
  sudo mtlscope explain --pid 4121 --holes                               every way around the proxy
  mtlscope explain --rules nat.txt,ip6.txt --holes -o sarif > holes.sarif
  mtlscope explain --rules nat.txt -o svg > ways.svg`

export interface ExplainFlags {
  pid?: string
  netns?: string
  rules?: string[]
  address?: string[]
  packet?: string[]
  holes?: boolean
  output: 'text' | 'json' | 'svg' | 'sarif' | 'junit'
  procfs: string
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('what the rules of a namespace let through: the ways in and out, the way of one packet, the holes')
    .option('--pid <pid>', 'the network namespace of that process')
    .option('--netns <name>', 'the network namespace of that name (ip netns)')
    .option('--rules <file>', 'output of iptables-save, ip6tables-save or nft -j list ruleset; repeatable; - is standard input', list)
    .option('--address <ip>', 'address of the pod whose rules they are; repeatable (default: 10.0.0.2, fd00::2)', list)
    .option('--packet <packet>', 'walk this packet through hooks, chains and rules; repeatable', paths)
    .option('--holes', 'find every way around the proxy')
    .addOption(new Option('-o, --output <format>', 'form of the output; sarif and junit with --holes, svg without').choices(['text', 'json', 'svg', 'sarif', 'junit']).default('text'))
    .addOption(new Option('--procfs <folder>', 'where procfs is mounted').default('/proc').hideHelp())
    .addHelpText('after', HELP)
    .action(async (flags: ExplainFlags) => {
      const { runExplain } = await import('./explain-run.ts')
      process.exitCode = await runExplain(flags)
    })
}
