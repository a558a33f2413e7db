import { Command } from 'commander'
import { rule } from './redaction-rules.ts'
import { keepBounds, port } from './hub-values.ts'
import { list, paths, sizeBytes } from './values.ts'
import type { Keep } from '../store/keep.ts'

export interface ViewFlags {
  port: number
  host: string
  /** False: --no-open. */
  open: boolean
  keep?: Keep
  store?: string
  filter?: string
  bodyLimit: number
  keylog?: string[]
  proto?: string[]
  decodeAs?: string[]
  redact?: string[] | false
  tlsKey?: string
  tlsCert?: string
}

const EXAMPLES = `
Examples:
  mtlscope view capture.pcapng                 in the browser, at http://127.0.0.1:8899/
  mtlscope view a.pcap b.pcap session.har      several at once
  mtlscope view --keylog keys.log tls.pcapng   decrypted
  mtlscope view --filter 'error' big.pcap.gz   opens with the filter set
  mtlscope view --store kept/                  what an earlier run left there

Nothing is sent to or fetched from elsewhere. The filter language: docs/filter.md`

export function viewCommand(): Command {
  return new Command('view')
    .description('look at captures in the browser: pcap, pcapng, HAR')
    .argument('[files...]', 'captures; - for standard input')
    .option('--port <n>', 'port of the viewer, 0 for any', port, 8899)
    .option('--host <address>', 'address to listen on; any but a loopback needs the token that is printed', '127.0.0.1')
    .option('--no-open', 'do not open the browser')
    .option('--filter <expression>', 'open with this filter')
    .option('--keep <size,age>', 'bounds of what is kept: 1GiB,24h; 0 for none (default: all of the files)', keepBounds)
    .option('--store <dir>', 'keep the messages there for another time')
    .option('--body-limit <size>', 'bytes kept of each body', sizeBytes, 64 * 1024)
    .option('--keylog <file>', 'decrypt TLS with the secrets of this key log (repeatable)', paths)
    .option('--proto <path>', 'types of gRPC and protobuf messages (repeatable)', paths)
    .option('--decode-as <port=protocol>', 'assume a protocol at a port (repeatable)', list)
    .option('--redact <rule>', 'hide more: header:NAME, param:NAME, text:REGEX (repeatable); not in packets', rule)
    .option('--no-redact', 'hide nothing, not even Authorization, Cookie and passwords')
    .option('--tls-cert <file>', 'speak TLS with this certificate chain (PEM)')
    .option('--tls-key <file>', 'and this key')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: ViewFlags) => {
      const { runView } = await import('./view-run.ts')
      process.exitCode = await runView(files, flags)
    })
}
