import { Command, Option } from 'commander'
import type { Keep } from '../store/keep.ts'
import { keepBounds, port } from './hub-values.ts'
import type { PodFlags, RemoteFlags } from './pod-flags.ts'
import { addFrameFilters, addMeshOptions } from './capture-options.ts'
import { addPodOptions } from './cluster-options.ts'
import { addRemoteOptions } from './remote-options.ts'
import { rule } from './redaction-rules.ts'
import { count, durationMs, list, paths, sizeBytes, workers } from './values.ts'

export interface TapFlags extends PodFlags, RemoteFlags {
  /** The command whose flags these are, for hints; `tap` where it is not said. */
  command?: 'tap' | 'check' | 'sniff'
  read?: string
  interface?: string[]
  pid?: string[]
  netns?: string[]
  mesh?: boolean
  sidecar?: string
  procfs: string
  exe?: string[]
  ip?: string[]
  port?: string[]
  notPort?: string[]
  host?: string[]
  output?: 'compact' | 'json'
  write?: string
  count?: number
  for?: number
  bodyLimit: number
  records?: boolean
  filter?: string
  /** True: at the usual port. */
  ui?: number | true
  uiHost?: string
  uiTlsCert?: string
  uiTlsKey?: string
  open?: boolean
  keep?: Keep
  store?: string
  decodeAs?: string[]
  keylog?: string[]
  proto?: string[]
  /** Rules as written; false: --no-redact. */
  redact?: string[] | false
  utc?: boolean
  workers?: number
  /** For who reads from afar: health now and then, and what their terminal can. */
  healthEvery?: number
  colour?: boolean
  columns?: number
}

const EXAMPLES = `
Examples:
  sudo mtlscope tap --mesh                         every sidecar of this machine, followed as they come and go
  sudo mtlscope tap --mesh --ip 10.0.0.7           only the workload with that address
  sudo mtlscope tap --netns web --port 8080        one namespace, filtered in the kernel
  sudo mtlscope tap -i any --for 30s -o json       this machine, 30 seconds, one JSON object a line
  sudo mtlscope tap -n shop '^web-'                pods of this Kubernetes node by name, whatever runs in them
  mtlscope tap -n shop '^web-'                     from a laptop with a kubeconfig: pods of all nodes (docs/cluster.md)
  mtlscope tap -r capture.pcapng                   a file; - reads standard input
  sudo mtlscope tap --mesh -w - | wireshark -k -i -

Without a source it taps the mesh of this machine (--mesh).
JSON fields: docs/protocols/README.md`

export function tapCommand(): Command {
  const command = new Command('tap')
    .description('show what travels: requests and answers, TLS handshakes, from a file or live')
    .argument('[pods]', 'Kubernetes pods whose names match this regular expression: of this node, or of a cluster from outside')
  addFrameFilters(addSources(command))
  addViewer(addOutput(command))
    .option('--workers <n>', 'capture threads (default: 1)', workers)
    .addOption(new Option('--health-every <duration>', 'JSON lines of health').argParser(durationMs).hideHelp())
    .addOption(new Option('--colour', 'also where standard output is no terminal').hideHelp())
    .addOption(new Option('--columns <n>', 'of the terminal').argParser(count).hideHelp())
  return addRemoteOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (pods: string | undefined, flags: TapFlags) => {
      const { runTap } = await import('./tap-run.ts')
      process.exitCode = await runTap({ ...flags, pods })
    })
}

function addSources(command: Command): Command {
  return addPodOptions(addMeshOptions(command
    .optionsGroup('Sources:')
    .option('-r, --read <file>', 'read a pcap or pcapng file, - for standard input')
    .option('-i, --interface <name>', 'capture live on an interface of this machine, or "any" (repeatable)', list)
    .option('--pid <pid>', 'capture live in the network namespace of a process (repeatable)', list)
    .option('--netns <name>', 'capture live in a named network namespace (repeatable)', list)
    .option('--mesh', 'find the proxies of the meshes on this machine and capture in their namespaces')
    .option('--sidecar <address>', 'what passes a running mtlscope sidecar: its admin endpoint, such as 127.0.0.1:15000')))
}

function addOutput(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(new Option('-o, --output <format>', 'default: compact on a terminal, else json').choices(['compact', 'json']))
    .option('-w, --write <file>', 'write the frames as pcapng, one interface a namespace; - for standard output. They are never redacted')
    .option('-c, --count <n>', 'end after so many messages (with -w alone: frames)', count)
    .option('--for <duration>', 'end after this time: 30s, 5m', durationMs)
    .option('--body-limit <size>', 'bytes kept of each body (JSON output)', sizeBytes, 64 * 1024)
    .option('--keylog <file>', 'decrypt TLS with the secrets of this key log (SSLKEYLOGFILE format), also while it grows (repeatable)', paths)
    .option('--proto <path>', 'types of gRPC and protobuf messages: a folder of .proto files, one file, or a descriptor set (repeatable)', paths)
    .option('--decode-as <port=protocol>', 'assume a protocol at a port: 9999=http1, udp:5300=dns (repeatable)', list)
    .option('--filter <expression>', 'only messages that it lets through: \'http && status_code >= 400\' (docs/filter.md)')
    .option('--records', 'show each turn of unreadable TLS records too')
    .option('--redact <rule>', 'hide more: header:NAME, param:NAME (query, form, JSON; * for any characters), text:REGEX (repeatable); not in packets (-w, --ui)', rule)
    .option('--no-redact', 'hide nothing, not even Authorization, Cookie and passwords')
    .option('--utc', 'times of the compact output in UTC instead of local time')
}

function addViewer(command: Command): Command {
  return command
    .option('--ui [port]', 'show it in the browser (default port: 8899; 0 for any)', port)
    .option('--ui-host <address>', 'address of the viewer; any but a loopback needs the token that is printed')
    .option('--ui-tls-cert <file>', 'the viewer speaks TLS with this certificate chain (PEM)')
    .option('--ui-tls-key <file>', 'and this key')
    .option('--no-open', 'with --ui: do not open the browser')
    .option('--keep <size,age>', 'with --ui: bounds of what is kept, packets included (default: 1GiB,24h)', keepBounds)
    .option('--store <dir>', 'with --ui: keep it there for another time (mtlscope view --store DIR)')
}
