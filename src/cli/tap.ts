import { Command, Option } from 'commander'
import { rule } from './redaction-rules.ts'
import { count, durationMs, list, paths, sizeBytes, workers } from './values.ts'

export interface TapFlags {
  read?: string
  interface?: string[]
  pid?: string[]
  netns?: string[]
  mesh?: boolean
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
  decodeAs?: string[]
  keylog?: string[]
  proto?: string[]
  /** Rules as written; false: --no-redact. */
  redact?: string[] | false
  utc?: boolean
  workers?: number
}

const EXAMPLES = `
Examples:
  sudo mtlscope tap --mesh                         every sidecar of this machine, followed as they come and go
  sudo mtlscope tap --mesh --ip 10.0.0.7           only the workload with that address
  sudo mtlscope tap --netns web --port 8080        one namespace, filtered in the kernel
  sudo mtlscope tap -i any --for 30s -o json       this machine, 30 seconds, one JSON object a line
  mtlscope tap -r capture.pcapng                   a file; - reads standard input
  sudo mtlscope tap --mesh -w - | wireshark -k -i -

Without a source it taps the mesh of this machine (--mesh).
JSON fields: docs/protocols/README.md`

export function tapCommand(): Command {
  return new Command('tap')
    .description('show what travels: requests and answers, TLS handshakes, from a file or live')
    .optionsGroup('Sources:')
    .option('-r, --read <file>', 'read a pcap or pcapng file, - for standard input')
    .option('-i, --interface <name>', 'capture live on an interface of this machine, or "any" (repeatable)', list)
    .option('--pid <pid>', 'capture live in the network namespace of a process (repeatable)', list)
    .option('--netns <name>', 'capture live in a named network namespace (repeatable)', list)
    .option('--mesh', 'find the proxies of the meshes on this machine and capture in their namespaces')
    .option('--procfs <dir>', 'where the procfs is that --mesh scans and --pid looks into', '/proc')
    .option('--exe <name>', 'further name of a proxy executable for --mesh (repeatable)', list)
    .option('--ip <list>', 'with --mesh: only workloads with these addresses', list)
    .optionsGroup('Filters (in the kernel where they fit):')
    .option('--port <list>', 'only these ports: 80,8000-8010 (repeatable)', list)
    .option('--not-port <list>', 'not these ports (repeatable)', list)
    .option('--host <list>', 'only these addresses or networks: 10.0.0.7,10.1.0.0/16 (repeatable)', list)
    .optionsGroup('Output:')
    .addOption(new Option('-o, --output <format>', 'default: compact on a terminal, else json').choices(['compact', 'json']))
    .option('-w, --write <file>', 'write the frames as pcapng, one interface a namespace; - for standard output')
    .option('-c, --count <n>', 'end after so many messages (with -w alone: frames)', count)
    .option('--for <duration>', 'end after this time: 30s, 5m', durationMs)
    .option('--body-limit <size>', 'bytes kept of each body (JSON output)', sizeBytes, 64 * 1024)
    .option('--keylog <file>', 'decrypt TLS with the secrets of this key log (SSLKEYLOGFILE format), also while it grows (repeatable)', paths)
    .option('--proto <path>', 'types of gRPC and protobuf messages: a folder of .proto files, one file, or a descriptor set (repeatable)', paths)
    .option('--decode-as <port=protocol>', 'assume a protocol at a port: 9999=http1, udp:5300=dns (repeatable)', list)
    .option('--records', 'show each turn of unreadable TLS records too')
    .option('--redact <rule>', 'hide more: header:NAME, param:NAME (query or form; * for any characters), text:REGEX (repeatable)', rule)
    .option('--no-redact', 'hide nothing, not even Authorization, Cookie and passwords')
    .option('--utc', 'times of the compact output in UTC instead of local time')
    .option('--workers <n>', 'capture threads (default: 1)', workers)
    .addHelpText('after', EXAMPLES)
    .action(async (flags: TapFlags) => {
      const { runTap } = await import('./tap-run.ts')
      process.exitCode = await runTap(flags)
    })
}
