import { DEFAULT_TUNNEL } from './defaults.ts'
import { DESTINATION, DURATION, IDENTITY, LISTEN, LOOPBACK_LISTEN, PORT_KEY, SIZE, SPIFFE_ID, TARGET, ABSOLUTE_PATH } from './patterns.ts'
import type { Shape } from './shape.ts'

const text = (title: string, more: Partial<Shape> = {}): Shape => ({ type: 'string', title, minLength: 1, ...more })
const oneOf = (...names: string[]): Shape => ({ type: 'string', title: `one of ${names.join(', ')}`, enum: names })
const duration = (description: string): Shape => ({ ...text('a duration like 500ms, 10s, 5m or 1h', { pattern: DURATION }), description })
const path = (description: string): Shape => ({ ...text('a path'), description })
const table = (description: string, properties: Record<string, Shape>, required: readonly string[] = []): Shape =>
  ({ type: 'object', title: 'a mapping', description, properties, required, additionalProperties: false })

const portNumber: Shape = { type: 'integer', title: 'a port from 1 to 65535', minimum: 1, maximum: 65_535 }
const listenText = text('an address and port like 127.0.0.1:8080 or "[::1]:8080"', { pattern: LISTEN })
const listenOne: Shape = { title: 'a port or an address and port', anyOf: [portNumber, listenText] }
const listenMany: Shape = {
  title: 'a port, an address and port, or a list of these',
  anyOf: [portNumber, listenText, { type: 'array', title: 'a list of these', minItems: 1, items: listenOne }],
  description: 'Where the intercepted connections arrive. A port alone: on every address for inbound and for tproxy, on loopback for outbound redirect; IPv6 too where the machine has it.',
}
const target = text('a host and port like cart:8080, 10.1.2.3:8080 or "[fd00::1]:8080"', { pattern: TARGET })
const identityText = text('a SPIFFE id or DNS name, exact or as a prefix that ends in *', { pattern: IDENTITY })
const identities: Shape = { title: 'an identity or a list of these', anyOf: [identityText, { type: 'array', title: 'a list of identities', minItems: 1, items: identityText }] }
const allow: Shape = { type: 'array', title: 'a list of identities', minItems: 1, items: identityText }
const destination = text('a destination like 10.0.0.0/8, 10.0.0.7:5432, 10.0.0.0/8:5000-6000, "[fd00::/8]:443" or "*:5432"', { pattern: DESTINATION })
const alpn = text('a protocol name of up to 255 bytes', { pattern: '^[\\x21-\\x7e]{1,255}$' })
const portMode = oneOf('mtls', 'tls', 'permissive', 'plaintext')
const tunnel = (description: string): Shape => ({ ...oneOf('auto', 'off'), default: DEFAULT_TUNNEL, description })
const interception = 'redirect: iptables REDIRECT, the destination is asked of the kernel. tproxy: the connection keeps its own address.'

const identity: Shape = {
  ...table('Key, certificate chain and trust bundle: of `dir`, of three files, of a CA, or of a Workload API. Exactly one of these.', {
    dir: path('Folder with key.pem, certChain.pem and mesh-ca.pem.'),
    key: path('PEM file of the private key.'),
    chain: path('PEM file of the certificate chain, leaf first.'),
    bundle: path('PEM file of the trust anchors.'),
    ca: table('An `mtlscope ca serve`.', {
      address: { ...target, description: 'Where it listens.' },
      bundle: path('PEM file that its certificate is verified with.'),
      token: path('File with the bearer token.'),
      spiffeId: { ...text('a SPIFFE id like spiffe://cluster.local/ns/shop/sa/cart', { pattern: SPIFFE_ID }), description: 'Identity that the token is for. Left out: that of the service account whose token it is, in the trust domain of the bundle.' },
    }, ['address', 'bundle', 'token']),
    workloadApi: { ...text('an absolute path of a unix socket', { pattern: ABSOLUTE_PATH }), description: 'Unix socket of a SPIFFE Workload API, as a path or unix:///path.' },
  }),
  oneOf: [
    { required: ['dir'], properties: { key: false, chain: false, bundle: false, ca: false, workloadApi: false } },
    { required: ['key', 'chain', 'bundle'], properties: { dir: false, ca: false, workloadApi: false } },
    { required: ['ca'], properties: { dir: false, key: false, chain: false, bundle: false, workloadApi: false } },
    { required: ['workloadApi'], properties: { dir: false, key: false, chain: false, bundle: false, ca: false } },
  ],
}

const inbound: Shape = {
  ...table('What comes to the workload.', {
    mode: { ...oneOf('redirect', 'tproxy', 'listen'), description: `${interception} listen: without interception, everything goes to \`to\`.` },
    listen: listenMany,
    to: { ...target, description: 'Where everything goes with mode listen.' },
    default: { ...portMode, default: 'mtls', description: 'For each port that `ports` does not name.' },
    ports: {
      type: 'object', title: 'a mapping of ports', description: 'By the port the connection was going to.', additionalProperties: false,
      patternProperties: { [PORT_KEY]: { title: 'a mode or { mode, allow }', anyOf: [portMode, table('A port with callers of its own.', { mode: { ...portMode, description: 'Instead of `default`.' }, allow: { ...allow, description: 'Instead of the `allow` above.' } })] } },
    },
    allow: { ...allow, description: 'Who may call. Left out: whoever the trust bundle vouches for.' },
    tunnel: tunnel('auto: callers\' sidecars that ask for it may send many connections in one TLS connection.'),
    source: { ...oneOf('sidecar', 'caller', 'proxy-protocol'), default: 'sidecar', description: 'What the app sees as its peer: the sidecar, the address of the caller, or a PROXY protocol v2 header.' },
  }, ['mode', 'listen']),
  if: { properties: { mode: { const: 'listen' } } },
  // eslint-disable-next-line unicorn/no-thenable
  then: { required: ['to'] },
  else: { properties: { to: false } },
}

const outbound: Shape = {
  ...table('What the workload calls.', {
    mode: { ...oneOf('redirect', 'tproxy', 'none'), default: 'none', description: `${interception} none: only the listeners of \`map\`.` },
    listen: listenMany,
    default: { ...oneOf('mesh', 'deny', 'passthrough'), default: 'mesh', description: 'For what no rule names: mutual TLS to where it was going, refused, or handed on as it is.' },
    tunnel: tunnel('auto: connections to a sidecar that can do it go together in one TLS connection.'),
    passthrough: { type: 'array', title: 'a list of destinations', items: destination, description: 'Handed on as they are, without TLS.' },
    expect: {
      type: 'array', title: 'a list of { to, identity, alpn }', description: 'Identity that a destination must prove; the first that fits counts. Without: whoever the trust bundle vouches for.',
      items: table('A destination and who it must be.', { to: { ...destination, description: 'The destination.' }, identity: { ...identities, description: 'Who it must be.' }, alpn: { ...alpn, description: 'Protocol name to offer there instead of `tls.alpn`.' } }, ['to', 'identity']),
    },
    map: {
      type: 'array', title: 'a list of { listen, to, expect, alpn }', description: 'Listeners for the app that lead to one host each.',
      items: table('A listener and where it leads.', {
        listen: { ...listenText, description: 'Address for the app, best in 127.0.0.0/8.' },
        to: { ...target, description: 'Where it leads; a name is resolved and watched.' },
        expect: { ...identities, description: 'Who must answer.' },
        alpn: { ...alpn, description: 'Protocol name to offer there instead of `tls.alpn`.' },
      }, ['listen', 'to']),
    },
  }),
  if: { required: ['mode'], properties: { mode: { enum: ['redirect', 'tproxy'] } } },
  // eslint-disable-next-line unicorn/no-thenable
  then: { required: ['listen'] },
  else: { properties: { listen: false } },
}

/** JSON Schema (draft 2020-12) of `mtlscope.yaml`, rendered to docs/schema/sidecar.schema.json by `npm run docs`. */
export const SIDECAR_SCHEMA: Shape = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $comment: 'The reader knows more of addresses (IPv6, prefix lengths, ranges that run backwards), of durations over 24 days, of sizes, of `allow` where no certificate is asked for, of `ports` with mode listen, of addresses that are listened on twice, and of listeners that lead to themselves.',
  ...table('Configuration of mtlscope sidecar.', {
    workload: { ...text('a name'), description: 'Name in logs and metrics. Default: MTLSCOPE_WORKLOAD, else the host name.' },
    identity,
    inbound,
    outbound,
    tls: table('How TLS is spoken.', {
      minVersion: { title: 'one of "1.2", "1.3"', enum: ['1.2', '1.3', 1.2, 1.3], default: '1.3', description: 'Lowest version.' },
      groups: { type: 'array', title: 'a list of key exchange groups', minItems: 1, items: text('the name of a group like X25519MLKEM768', { pattern: '^[A-Za-z0-9_-]+$' }), default: ['X25519MLKEM768', 'X25519', 'P-256'], description: 'Best first. Those that the engine does not know are left out, and said so.' },
      alpn: { ...alpn, default: 'mtlscope', description: 'Protocol name of TLS between sidecars.' },
      resumption: { type: 'boolean', title: 'true or false', default: true, description: 'Whether TLS sessions may be resumed.' },
    }),
    limits: table('Bounds.', {
      connections: { type: 'integer', title: 'a number from 1 to 1000000', minimum: 1, maximum: 1_000_000, default: 65_536, description: 'Open at the same time; more are refused and counted.' },
      buffer: { ...text('a size like 64K or 1M', { pattern: SIZE }), default: '256K', description: 'Of what waits to be written, each way of each connection: 4K to 64M.' },
      connectTimeout: { ...duration('For the TCP connection to a destination.'), default: '10s' },
      handshakeTimeout: { ...duration('For the TLS handshake.'), default: '10s' },
      idleTimeout: { ...duration('A connection on which nothing moves for so long ends; 0s: never.'), default: '1h' },
      drainTimeout: { ...duration('After SIGTERM connections may go on for so long.'), default: '30s' },
    }),
    admin: {
      title: 'a port, or a loopback address and port like 127.0.0.1:15000', anyOf: [portNumber, text('a loopback address and port', { pattern: LOOPBACK_LISTEN })],
      default: '127.0.0.1:15000', description: 'Admin endpoint; it asks for no password, so it is on loopback only. A port alone: 127.0.0.1.',
    },
    log: { ...oneOf('text', 'json'), default: 'text', description: 'Form of the line for each connection, on standard output. `-o` wins.' },
    threads: { type: 'integer', title: 'a number from 1 to 64', minimum: 1, maximum: 64, default: 1, description: 'Relay threads.' },
    tap: { type: 'boolean', title: 'true or false', default: false, description: 'Whether the admin endpoint hands out the plaintext that passes, for `mtlscope tap --sidecar`.' },
    mark: { type: 'integer', title: 'a number from 1 to 2147483647', minimum: 1, maximum: 2_147_483_647, description: 'Firewall mark (SO_MARK) of the connections that the sidecar opens, for rules that let them through by it. Needs CAP_NET_ADMIN.' },
  }, ['identity']),
}
