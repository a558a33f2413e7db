import { Command, Option } from 'commander'
import { DEFAULT_FOLDER, listenAddress, perMinute, ttlMillis } from './ca-values.ts'
import { list } from './values.ts'

const EXAMPLES = `
Examples:
  mtlscope ca init --trust-domain shop.test            a root and an intermediate in ./ca
  mtlscope ca issue --spiffe spiffe://shop.test/cart --dns cart --ttl 24h --out cart-tls
  mtlscope ca token add --spiffe spiffe://shop.test/cart > cart.token
  mtlscope ca serve --listen 127.0.0.1:8444            certificates for whoever has a token
  mtlscope ca rotate-root                              the next root, published beside the old one
  mtlscope ca show                                     what there is, until when, and what to do next

How it works, its HTTP API and its files: docs/ca.md`

const INIT_EXAMPLES = `
The root lives 10 years, the intermediate 1 year; it is renewed by itself while the key of the root is in the folder.
The certificates are constrained to the trust domain and, where --dns-domain is given, to those DNS domains.

Examples:
  mtlscope ca init
  mtlscope ca init --dir /var/lib/mtlscope/ca --trust-domain shop.test --dns-domain shop.test --dns-domain svc.cluster.local
  mtlscope ca init --trust-domain shop.test --name 'Shop mesh' --max-ttl 48h`

const ISSUE_EXAMPLES = `
Without --csr a key is made, too: key.pem, certChain.pem and mesh-ca.pem are written to the folder of --out.
With --csr the chain goes to standard output, or with --out to the folder; the request's own names are not taken over.

Examples:
  mtlscope ca issue --spiffe spiffe://cluster.local/ns/shop/sa/cart --dns cart --ip 10.0.0.7 --out cart-tls
  mtlscope ca issue --spiffe spiffe://cluster.local/web --ttl 1h --out web-tls --force
  mtlscope ca issue --spiffe spiffe://cluster.local/web --csr web.csr > web.pem`

const SERVE_EXAMPLES = `
POST /v1/sign with a bearer token, GET /v1/bundle, GET /healthz, all over TLS 1.3. Changes of the CA and of the tokens are picked
up while it runs. Every decision is a line in audit.jsonl of the CA's folder.

Examples:
  mtlscope ca serve
  mtlscope ca serve --listen 0.0.0.0:8444 --name ca.shop.test --name 10.0.0.2
  mtlscope ca serve --ttl 1h --rate 10
  mtlscope ca serve --dir /var/lib/mtlscope/ca --tokens /etc/mtlscope/tokens.json
  mtlscope ca serve --listen 0.0.0.0:8443 --kube-secret mtlscope/mtlscope-ca-state --token-review      the CA of a cluster`

const TOKEN_EXAMPLES = `
Examples:
  mtlscope ca token add --spiffe spiffe://cluster.local/ns/shop/sa/cart --dns cart > cart.token
  mtlscope ca token add --spiffe spiffe://cluster.local/job --expires 7d
  mtlscope ca token list
  mtlscope ca token revoke 1f00ba44`

const ROTATE_EXAMPLES = `
1. mtlscope ca rotate-root             makes the next root; the bundle has both, the old one issues
2. mtlscope ca rotate-root --finish    once every workload has that bundle: the next root issues, the old one is still trusted
3. mtlscope ca rotate-root --finish    once all certificates of the old root have expired: drops it (mtlscope ca serve does that by itself)

Each step refuses to be too early: after step 1 and step 2 the CA's longest lifetime has to pass.

Examples:
  mtlscope ca rotate-root
  mtlscope ca rotate-root --finish
  mtlscope ca rotate-root --finish --force
  mtlscope ca rotate-root --kube-secret mtlscope/mtlscope-ca-state`

const SHOW_EXAMPLES = `
Examples:
  mtlscope ca show
  mtlscope ca show -o json | jq .rotation
  mtlscope ca show -o pem > mesh-ca.pem`

export function caCommand(): Command {
  const command = new Command('ca')
    .description('a certificate authority for a mesh: workload certificates by command or over TLS, root rotation')
    .addHelpText('after', EXAMPLES)
  for (const sub of [initCommand(), issueCommand(), serveCommand(), tokenCommand(), rotateCommand(), showCommand()]) command.addCommand(sub)
  return command
}

function withFolder(command: Command): Command {
  return command.option('--dir <folder>', 'folder of the CA', DEFAULT_FOLDER)
}

/** A folder, or a Secret. The folder has no default here: both are not to be named. */
function withPlace(command: Command): Command {
  return command
    .option('--dir <folder>', `folder of the CA (default: "${DEFAULT_FOLDER}")`)
    .option('--kube-secret <name>', 'the CA of a cluster: NAMESPACE/NAME of its Secret')
    .option('--kubeconfig <file>', 'how to reach that cluster (default: KUBECONFIG, ~/.kube/config, the account of the pod)')
    .option('--context <name>', 'context of the kubeconfig')
}

function initCommand(): Command {
  return withFolder(new Command('init'))
    .description('make a root and an intermediate in a folder that has no CA')
    .option('--trust-domain <domain>', 'trust domain of all identities', 'cluster.local')
    .option('--name <name>', 'how the certificates of the CA are called', 'mtlscope')
    .option('--dns-domain <domain>', 'DNS names only below this domain (repeatable)', list)
    .addOption(new Option('--max-ttl <duration>', 'longest lifetime of a workload certificate: 24h, 7d').argParser(ttlMillis).default(ttlMillis('7d'), '7d'))
    .addHelpText('after', INIT_EXAMPLES)
    .action(async (flags) => { await (await import('./ca-init.ts')).runCaInit(flags) })
}

function issueCommand(): Command {
  return withFolder(withNames(new Command('issue')))
    .description('a workload certificate, with its key or for a signing request')
    .addOption(new Option('--ttl <duration>', 'lifetime: 30m, 24h, 7d').argParser(ttlMillis).default(ttlMillis('24h'), '24h'))
    .option('--out <folder>', 'where the files go (default: the current folder)')
    .option('--csr <file>', 'sign this request (PEM) instead of making a key; - for standard input')
    .option('--force', 'replace the files that are there')
    .addHelpText('after', ISSUE_EXAMPLES)
    .action(async (flags) => { await (await import('./ca-issue.ts')).runCaIssue(flags) })
}

function withNames(command: Command): Command {
  return command
    .requiredOption('--spiffe <id>', 'the identity: spiffe://TRUST-DOMAIN/PATH')
    .option('--dns <name>', 'a DNS name of the workload (repeatable)', list)
    .option('--ip <address>', 'an IP address of the workload (repeatable)', list)
}

function serveCommand(): Command {
  return withPlace(new Command('serve'))
    .description('give certificates to workloads that have a token, over TLS')
    .addOption(new Option('--listen <address>', 'where to listen: host:port').argParser(listenAddress).default(listenAddress('127.0.0.1:8444'), '127.0.0.1:8444'))
    .option('--name <name>', 'DNS name or IP address that clients dial, for the server\'s certificate (repeatable)', list)
    .option('--tokens <file>', 'the token file (default: tokens.json in the folder of the CA)')
    .addOption(new Option('--ttl <duration>', 'lifetime where a request names none').argParser(ttlMillis).default(ttlMillis('24h'), '24h'))
    .option('--rate <n>', 'requests a minute with one token', perMinute, 30)
    .option('--token-review', 'with --kube-secret: callers are service accounts, by the tokens of their pods')
    .option('--audience <name>', 'with --token-review: audience that these tokens must be for', 'mtlscope-ca')
    .option('--trust-domain <domain>', 'with --kube-secret: trust domain of a CA that is made at the first start (default: "cluster.local")')
    .option('--ca-name <name>', 'with --kube-secret: how the certificates of that CA are called', 'mtlscope')
    .addOption(new Option('--max-ttl <duration>', 'with --kube-secret: longest lifetime that it gives').argParser(ttlMillis).default(ttlMillis('24h'), '24h'))
    .addHelpText('after', SERVE_EXAMPLES)
    .action(async (flags) => { process.exitCode = await (await import('./ca-serve.ts')).runCaServe(flags) })
}

function tokenCommand(): Command {
  const command = new Command('token').description('tokens with which workloads get their certificates from ca serve').addHelpText('after', TOKEN_EXAMPLES)
  const tokens = (sub: Command): Command => withFolder(sub).option('--tokens <file>', 'the token file (default: tokens.json in the folder of the CA)')
  command.addCommand(tokens(withNames(new Command('add'))).description('make a token and print it, once')
    .option('--expires <duration>', 'the token is good for this long: 1h, 30d (default: until it is revoked)', ttlMillis)
    .action(async (flags) => { await (await import('./ca-token.ts')).runTokenAdd(flags) }))
  command.addCommand(tokens(new Command('list')).description('the tokens, without their secrets').addOption(outputOption(['text', 'json']))
    .action(async (flags) => { await (await import('./ca-token.ts')).runTokenList(flags) }))
  command.addCommand(tokens(new Command('revoke')).description('take a token back; certificates it got live until they expire').argument('<id>', 'its id, from: mtlscope ca token list')
    .action(async (id: string, flags) => { await (await import('./ca-token.ts')).runTokenRevoke(id, flags) }))
  return command
}

function rotateCommand(): Command {
  return withPlace(new Command('rotate-root'))
    .description('replace the root without a moment in which a certificate is not trusted')
    .option('--finish', 'the next step: switch to the next root, or drop the old one')
    .option('--force', 'with --finish: also before its time')
    .addHelpText('after', ROTATE_EXAMPLES)
    .action(async (flags) => { await (await import('./ca-rotate-root.ts')).runRotateRoot(flags) })
}

function showCommand(): Command {
  return withPlace(new Command('show'))
    .description('roots, intermediates, their expiry, the rotation, how many were issued')
    .addOption(outputOption(['text', 'json', 'pem']))
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (flags) => { await (await import('./ca-show.ts')).runCaShow(flags) })
}

function outputOption(choices: readonly string[]): Option {
  return new Option('-o, --output <format>', 'form of the output').choices(choices).default('text')
}
