import { Command, Option } from 'commander'
import type { PodFlags, RemoteFlags } from './pod-flags.ts'
import { rule } from './redaction-rules.ts'
import { addFrameFilters, addMeshOptions } from './capture-options.ts'
import { addPodOptions } from './cluster-options.ts'
import { addRemoteOptions } from './remote-options.ts'
import { durationMs, list, paths, workers } from './values.ts'

export interface CheckFlags extends PodFlags, RemoteFlags {
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
  filter?: string
  for?: number
  expect?: 'mtls' | 'mtls-inferred' | 'tls'
  newOnly?: boolean
  allow?: string[]
  baseline?: string
  output: CheckFormat
  keylog?: string[]
  probe?: boolean
  canary?: string
  yes?: boolean
  decodeAs?: string[]
  redact?: string[] | false
  workers?: number
  /** For who makes the report elsewhere: evidence on standard output, then answers to questions. */
  evidence?: boolean
  healthEvery?: number
}

export const CHECK_FORMATS = ['text', 'json', 'junit', 'sarif', 'html', 'md'] as const
export type CheckFormat = typeof CHECK_FORMATS[number]

const HELP = `
Verdicts of an edge (client workload → server workload:port):
  mtls             both sides proved who they are
  mtls (inferred)  TLS 1.3, and the client's encrypted flight fits a certificate; --keylog or --probe makes it proof
  tls              encrypted, no client certificate
  plaintext        readable on the wire
  mixed            some connections are one thing, some another
  unknown          too little was seen; the report says what is missing

Exit codes: 0 every edge is at least what --expect asks, 1 one is not (with --baseline: something got worse), 2 usage, 3 not permitted here

Examples:
  mtlscope check -r capture.pcapng                                    what does the wire prove?
  sudo mtlscope check --mesh --for 30s --expect mtls --probe          the sidecars of this machine, proved
  mtlscope check -n shop --for 1m --expect mtls --probe               pods of a cluster, from a laptop too
  mtlscope check -A --for 5m --expect mtls --probe --new-only         what was open before is left out
  sudo mtlscope check --netns web --for 1m -o html > report.html
  mtlscope check -r capture.pcapng --keylog keys.txt --expect mtls
  mtlscope check -r now.pcapng --baseline before.json --allow '* -> *:9090'`

export function checkCommand(): Command {
  const command = new Command('check')
    .description('prove from the wire which edges are mutual TLS, and show why one may believe it')
    .argument('[pods]', 'Kubernetes pods whose names match this regular expression: of this node, or of a cluster from outside')
  addFrameFilters(addSources(command))
    .option('--filter <expression>', 'only edges with a message that it lets through, judged by all that was seen of them: \'dst.name == "cart"\' (docs/filter.md)')
  addOutput(addDemands(addProof(command)))
  return addRemoteOptions(command)
    .addHelpText('after', HELP)
    .action(async (pods: string | undefined, flags: CheckFlags) => {
      const { runCheck } = await import('./check-run.ts')
      process.exitCode = await runCheck({ ...flags, pods })
    })
}

function addSources(command: Command): Command {
  return addPodOptions(addMeshOptions(command
    .optionsGroup('Sources:')
    .option('-r, --read <file>', 'read a pcap or pcapng file, - for standard input')
    .option('-i, --interface <name>', 'watch an interface of this machine, or "any" (repeatable)', list)
    .option('--pid <pid>', 'watch in the network namespace of a process (repeatable)', list)
    .option('--netns <name>', 'watch in a named network namespace (repeatable)', list)
    .option('--mesh', 'find the proxies of the meshes on this machine and watch in their namespaces')))
    .option('--for <duration>', 'watch for this time: 30s, 5m; else until Ctrl-C', durationMs)
}

function addProof(command: Command): Command {
  return command
    .optionsGroup('Proof:')
    .option('--keylog <file>', 'decrypt TLS with the secrets of this key log: the strongest proof (repeatable)', paths)
    .option('--probe', 'connect to each server seen without a certificate, with a foreign one, and in plaintext; no application data is sent')
    .option('--yes', 'with --probe: do not ask before an address is touched that is not on this machine')
    .option('--canary <from=host:port>', 'send one request with a random token from that namespace, and show where the token can be read: web=10.0.0.7:8080, web=cart@10.0.0.7:8080')
}

function addDemands(command: Command): Command {
  return command
    .optionsGroup('What must hold:')
    .addOption(new Option('--expect <verdict>', 'end with exit code 1 where an edge is less').choices(['mtls', 'mtls-inferred', 'tls']))
    .option('--new-only', 'with --expect: judge only connections that were opened in the watch; older ones, whose handshake nobody saw, are listed and counted')
    .option('--allow <edge>', 'an edge that may be less: "client -> server:port", * for any characters (repeatable; listed in the report)', paths)
    .option('--baseline <file>', 'a report of -o json: tell only what got worse since')
}

function addOutput(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(new Option('-o, --output <format>', 'form of the report').choices(CHECK_FORMATS).default('text'))
    .option('--decode-as <port=protocol>', 'assume a protocol at a port: 9999=http1 (repeatable)', list)
    .option('--redact <rule>', 'hide more: header:NAME, param:NAME, text:REGEX (repeatable)', rule)
    .option('--no-redact', 'hide nothing in what is shown as proof')
    .option('--workers <n>', 'capture threads (default: 1)', workers)
    .addOption(new Option('--evidence', 'what a report is made of, in place of one').hideHelp())
    .addOption(new Option('--health-every <duration>', 'with --evidence').argParser(durationMs).hideHelp())
}
