import { stringify } from 'yaml'
import { MtlscopeError } from '../../base/errors.ts'

/** Names of annotations begin with it. */
export const PREFIX = 'mtlscope.io/'
const KNOWN = ['inject', 'injected', 'config', 'ports', 'pass-through', 'allow', 'identity-secret', 'probes']
const MODES = ['mtls', 'tls', 'permissive', 'plaintext']
const MAX_PORT = 65_535

/** What the annotations of a pod template ask for. */
export interface InjectSettings {
  readonly enabled: boolean
  /** Port → mode; others are mtls. */
  readonly ports: ReadonlyMap<number, string>
  readonly passThrough: readonly string[]
  readonly allow: readonly string[]
  readonly identitySecret: string | undefined
  readonly probes: 'permissive' | 'strict' | undefined
}

/** Throws 'bad-manifest' for a malformed annotation, and for one of our prefix that is not known: a typing error must not weaken anything. */
export function parseInjectSettings(annotations: Readonly<Record<string, unknown>>): InjectSettings {
  const of = (name: string): string | undefined => {
    const value = annotations[PREFIX + name]
    if (value !== undefined && typeof value !== 'string') throw bad(name, 'is not a text', 'put it in quotes')
    return value
  }
  for (const key of Object.keys(annotations)) {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : 'inject'
    if (!KNOWN.includes(name)) throw bad(name, 'is not known', `known are: ${KNOWN.map((known) => PREFIX + known).join(', ')}`)
  }
  return {
    enabled: oneOf('inject', of('inject'), ['enabled', 'disabled']) !== 'disabled', ports: parsePorts(of('ports')),
    passThrough: items(of('pass-through')), allow: items(of('allow')), identitySecret: of('identity-secret'),
    probes: oneOf('probes', of('probes'), ['permissive', 'strict']) as InjectSettings['probes'],
  }
}

/** The sidecar's file (docs/sidecar.md). `probed`: ports that the kubelet asks in plaintext. */
export function sidecarConfig(settings: InjectSettings, workload: string, probed: readonly number[]): string {
  const ports: Record<string, string> = {}
  if (settings.probes === 'permissive') for (const port of probed) ports[port] = 'permissive'
  for (const [port, mode] of settings.ports) ports[port] = mode
  return stringify({
    workload,
    identity: { dir: '/run/mtlscope/identity' },
    inbound: { mode: 'redirect', listen: 15006, default: 'mtls', ...Object.keys(ports).length > 0 && { ports }, ...settings.allow.length > 0 && { allow: settings.allow } },
    outbound: { mode: 'redirect', listen: 15001, default: 'mesh', ...settings.passThrough.length > 0 && { passthrough: settings.passThrough } },
  })
}

function parsePorts(text: string | undefined): Map<number, string> {
  return new Map(items(text).map((item) => {
    const [, port, mode] = /^(\d{1,5})=(\w+)$/.exec(item) ?? []
    if (port === undefined || Number(port) < 1 || Number(port) > MAX_PORT || !MODES.includes(mode!)) throw bad('ports', `has ${item}`, `example: 8080=mtls,9090=plaintext; modes are ${MODES.join(', ')}`)
    return [Number(port), mode!]
  }))
}

function items(text: string | undefined): string[] {
  return (text ?? '').split(',').map((item) => item.trim()).filter((item) => item !== '')
}

function oneOf(name: string, value: string | undefined, values: readonly string[]): string | undefined {
  if (value !== undefined && !values.includes(value)) throw bad(name, `is ${value}`, `it may be ${values.join(' or ')}`)
  return value
}

function bad(name: string, what: string, hint: string): MtlscopeError {
  return new MtlscopeError('bad-manifest', `annotation ${PREFIX}${name} ${what}`, { hint, facts: { annotation: PREFIX + name } })
}
