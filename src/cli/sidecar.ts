import { Command, Option } from 'commander'

export interface SidecarFlags {
  config?: string
  engine: 'embedded' | 'envoy'
  print?: boolean
  check?: boolean
  output?: 'text' | 'json'
}

const HELP = `
Gives an app that knows nothing of TLS mutual TLS: what comes in is let in with a certificate of the mesh only, what
goes out goes as mutual TLS. Configured by a file, or, unchanged, by Contrast's variables CONTRAST_INGRESS_PROXY_CONFIG,
CONTRAST_EGRESS_PROXY_CONFIG and CONTRAST_ADMIN_PORT (EDG_… too).

Standard output has one line for each connection that ended. SIGTERM drains, SIGHUP and a change of the file read the
configuration again; a bad one changes nothing and is told. The admin endpoint, 127.0.0.1:15000, has /healthz, /readyz,
/metrics, /config, /connections and POST /quitquitquit.

Exit codes: 0 ended as told, 1 the configuration or identity is bad, or it could not go on, 2 usage, 3 not permitted here

Examples:
  mtlscope sidecar --config mtlscope.yaml
  mtlscope sidecar --config mtlscope.yaml --check     is the configuration good, and who may call whom?
  mtlscope sidecar --config mtlscope.yaml --print     with every default filled in, as JSON
  mtlscope sidecar --engine envoy --print             the same as Envoy's configuration
  CONTRAST_INGRESS_PROXY_CONFIG='metrics#7890#true' mtlscope sidecar -o json

  # mtlscope.yaml: mutual TLS on port 9443 for an app on 8080, and the way to cart
  identity: { dir: /run/mtlscope/identity }
  inbound:  { mode: listen, listen: "0.0.0.0:9443", to: "127.0.0.1:8080", allow: ["spiffe://cluster.local/ns/shop/*"] }
  outbound: { map: [{ listen: "127.137.0.1:8080", to: "cart:9443", expect: "spiffe://cluster.local/ns/shop/sa/cart" }] }`

export function sidecarCommand(): Command {
  return new Command('sidecar')
    .description('give an unmodified app mutual TLS')
    .option('--config <file>', 'configuration (default: Contrast\'s variables where set, else mtlscope.yaml)')
    .addOption(new Option('--engine <engine>', 'what moves the bytes').choices(['embedded', 'envoy']).default('embedded'))
    .option('--print', 'print the effective configuration, and end')
    .option('--check', 'check configuration and identity, and end')
    .addOption(new Option('-o, --output <format>', 'form of the line for each connection, and of --check').choices(['text', 'json']))
    .addHelpText('after', HELP)
    .action(async (flags: SidecarFlags) => {
      const { runSidecar } = await import('./sidecar-run.ts')
      process.exitCode = await runSidecar(flags)
    })
}
