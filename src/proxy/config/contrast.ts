import { MtlscopeError } from '../../base/errors.ts'
import { parseContrastEgress } from '../../intercept/plan/contrast-egress.ts'
import { parseContrastIngress, parseContrastPort } from '../../intercept/plan/contrast-ingress.ts'
import type { HostPort, PortMode, SidecarPlan } from '../sidecar-plan.ts'
import { circles } from './circles.ts'
import { DEFAULT_ADMIN, DEFAULT_LIMITS, DEFAULT_TLS, DEFAULT_TUNNEL, IDENTITY_FILES } from './defaults.ts'
import type { Machine } from './defaults.ts'

type Environment = Readonly<Record<string, string | undefined>>

const INGRESS = ['CONTRAST_INGRESS_PROXY_CONFIG', 'EDG_INGRESS_PROXY_CONFIG'] as const
const EGRESS = ['CONTRAST_EGRESS_PROXY_CONFIG', 'EDG_EGRESS_PROXY_CONFIG'] as const
const ADMIN = ['CONTRAST_ADMIN_PORT', 'EDG_ADMIN_PORT'] as const
/** Where Contrast's initializer puts key, chain and bundle. */
const TLS_FOLDER = '/contrast/tls-config'
/** Its rules lead ports with `false` to the second one. Here the port that was called decides, whichever listener it came by. */
const LISTEN_PORTS = [15_006, 15_007]

/** Whether any of Contrast's variables is there; an empty one counts: its sidecar runs with all three empty. */
export function hasContrastEnvironment(env: Environment): boolean {
  return [...INGRESS, ...EGRESS, ...ADMIN].some((name) => env[name] !== undefined)
}

/**
 * The plan that Contrast's variables stand for; the newer CONTRAST_ name wins over EDG_. Throws 'bad-config' with the message that
 * Contrast has for it. A port out of range is an error too, where Contrast cuts it to 16 bits.
 */
export function parseContrastEnvironment(env: Environment, machine: Machine): SidecarPlan {
  // In Contrast's order: with several mistakes the same one is told.
  const map = parseContrastEgress(valueOf(env, EGRESS)).map(({ listen, to }) => ({ listen, to, identities: [] }))
  // Of a port that is there twice Contrast's rules obey the first entry.
  const ports = Object.fromEntries(parseContrastIngress(valueOf(env, INGRESS)).map(({ port, isPlain }): [string, PortMode] => [String(port), isPlain ? 'plaintext' : 'tls']).toReversed())
  const hosts = ['0.0.0.0', ...machine.ipv6 ? ['::'] : []]
  const plan: SidecarPlan = {
    workload: machine.workload,
    identity: { kind: 'files', key: `${TLS_FOLDER}/${IDENTITY_FILES.key}`, chain: `${TLS_FOLDER}/${IDENTITY_FILES.chain}`, bundle: `${TLS_FOLDER}/${IDENTITY_FILES.bundle}` },
    inbound: {
      mode: 'tproxy', listen: LISTEN_PORTS.flatMap((port) => hosts.map((host) => ({ host, port }))), to: undefined,
      default: 'mtls', ports, allow: { default: [], ports: {} }, source: 'sidecar', tunnel: DEFAULT_TUNNEL,
    },
    outbound: map.length === 0 ? undefined : { mode: 'none', listen: [], default: 'mesh', passthrough: [], expect: [], map, tunnel: DEFAULT_TUNNEL },
    tls: DEFAULT_TLS, limits: DEFAULT_LIMITS, admin: parseAdmin(valueOf(env, ADMIN)), log: 'text', threads: 1,
  }
  const [circle] = circles(plan)
  if (circle !== undefined) throw bad(`a remote address leads back to the sidecar itself: ${circle.way}`, 'every connection would open another one, without end')
  return plan
}

function valueOf(env: Environment, names: readonly string[]): string {
  return names.map((name) => env[name]).find((value) => value !== undefined) ?? ''
}

/** Contrast listens on every address with it; here it is loopback, see docs/guides/contrast.md. */
function parseAdmin(text: string): HostPort {
  if (text === '') return DEFAULT_ADMIN
  const port = parseContrastPort(text)
  if (port === undefined) throw bad(`invalid admin port: ${text}`, 'a number from 1 to 65535')
  return { host: DEFAULT_ADMIN.host, port }
}

function bad(message: string, hint: string): MtlscopeError {
  return new MtlscopeError('bad-config', message, { hint })
}
