import { Command } from 'commander'
import type { PodFlags, RemoteFlags } from './pod-flags.ts'
import { addFrameFilters } from './capture-options.ts'
import { addPodOptions } from './cluster-options.ts'
import { addRemoteOptions } from './remote-options.ts'
import { count, durationMs, list, paths, workers } from './values.ts'

export interface SniffFlags extends PodFlags, RemoteFlags {
  interface?: string[]
  pid?: string[]
  netns?: string[]
  mesh?: boolean
  exe?: string[]
  procfs: string
  port?: string[]
  notPort?: string[]
  host?: string[]
  write?: string
  wireshark?: boolean
  keylog?: string[]
  comments: boolean
  for?: number
  count?: number
  workers?: number
}

const EXAMPLES = `
Examples:
  sudo mtlscope sniff --pid 4121 --wireshark              the namespace of a process, in Wireshark as it happens
  sudo mtlscope sniff --netns web --netns cart -w both.pcapng 'port 8080'
  sudo mtlscope sniff --pid 4121 --keylog keys.log -w -  | tshark -r - -Y http
  sudo mtlscope sniff web-7c9d -n shop -w web.pcapng 'port 8080'     a pod of this Kubernetes node
  mtlscope sniff web-7c9d -n shop --wireshark                        the same from a laptop with a kubeconfig
  ssh node sudo mtlscope sniff --pid 4121 -w - | wireshark -k -i -
  sudo mtlscope sniff -i any --for 30s -w machine.pcapng 'host 10.0.0.7 and not port 22'

Nothing runs in the target: no tcpdump, no shell, no right. The filter is the simple part of tcpdump's language.`

export function sniffCommand(): Command {
  return addRemoteOptions(addFrameFilters(addPodOptions(new Command('sniff')
    .description('capture packets of a workload into Wireshark or a pcapng file, with the names of who talks')
    .argument('[filter...]', 'Kubernetes pods by name (a regular expression, in front), of this node or of a cluster from outside, then: port 8080, portrange 8000-8010, host 10.0.0.7, net 10.1.0.0/16, not port 22, and, or')
    .optionsGroup('Where:')
    .option('--pid <pid>', 'the network namespace of a process, in a container or not (repeatable)', list)
    .option('--netns <name>', 'a named network namespace (repeatable)', list)
    .option('--mesh', 'the namespaces of all proxies of meshes on this machine, also of those that come later')
    .option('--exe <name>', 'further name of a proxy executable for --mesh (repeatable)', list)
    .option('-i, --interface <name>', 'an interface of this machine, or "any"; with --pid and --netns: of those (repeatable)', list)
    .option('--procfs <dir>', 'where the procfs is that --mesh scans and --pid looks into', '/proc')))
    .optionsGroup('Output:')
    .option('-w, --write <file>', 'a pcapng file; - for standard output (the default where that is no terminal). Packets are never redacted')
    .option('--wireshark', 'start Wireshark and feed it')
    .option('--keylog <file>', 'put the secrets of this key log (SSLKEYLOGFILE format) into the capture, also while it grows (repeatable)', paths)
    .option('--no-comments', 'no names of workloads in the comments of packets')
    .option('-c, --count <n>', 'end after so many packets', count)
    .option('--for <duration>', 'end after this time: 30s, 5m', durationMs)
    .option('--workers <n>', 'capture threads (default: 1)', workers))
    .addHelpText('after', EXAMPLES)
    .action(async (filter: string[], flags: SniffFlags) => {
      const { runSniff } = await import('./sniff-run.ts')
      process.exitCode = await runSniff(filter, flags)
    })
}
