import { PREFIX, annotationText, badAnnotation, badEntry, entriesOf } from './annotation.ts'
import type { Entry } from './annotation.ts'
import type { ContrastSettings } from './contrast-annotations.ts'
import { parseContrastAnnotations } from './contrast-annotations.ts'

const KNOWN = ['inject', 'injected', 'config', 'ports', 'pass-through', 'outbound', 'allow', 'identity-secret', 'probes', 'rules']
const MODES = ['mtls', 'tls', 'permissive', 'plaintext']
const OUTBOUND = ['mesh', 'deny', 'passthrough'] as const
const RULES = ['init', 'node'] as const
const MAX_PORT = 65_535

/** What the annotations of a pod template ask for. */
export interface InjectSettings {
  readonly enabled: boolean
  /** Port → mode; others are mtls. */
  readonly ports: ReadonlyMap<number, string>
  readonly passThrough: readonly Entry[]
  readonly allow: readonly Entry[]
  /** For destinations that nothing names. */
  readonly outbound: typeof OUTBOUND[number] | undefined
  readonly identitySecret: string | undefined
  readonly probes: 'permissive' | 'strict' | undefined
  /** Who sets the rules: an init container of the pod, or whoever does that on its node. */
  readonly rules: typeof RULES[number] | undefined
  readonly contrast: ContrastSettings | undefined
}

/** Throws 'bad-manifest' for a malformed annotation, and for one of our prefix that is not known: a typing error must not weaken anything. */
export function parseInjectSettings(annotations: Readonly<Record<string, unknown>>): InjectSettings {
  const of = (name: string): string | undefined => annotationText(annotations, PREFIX + name)
  for (const key of Object.keys(annotations)) {
    const name = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : 'inject'
    if (!KNOWN.includes(name)) throw badAnnotation(key, 'is not known', `known are: ${KNOWN.map((known) => PREFIX + known).join(', ')}`)
  }
  return {
    enabled: oneOf('inject', of('inject'), ['enabled', 'disabled']) !== 'disabled', ports: parsePorts(of('ports')),
    passThrough: entriesOf(of('pass-through')), allow: entriesOf(of('allow')), identitySecret: of('identity-secret'),
    outbound: oneOf('outbound', of('outbound'), OUTBOUND), probes: oneOf('probes', of('probes'), ['permissive', 'strict'] as const),
    rules: oneOf('rules', of('rules'), RULES), contrast: parseContrastAnnotations(annotations),
  }
}

function parsePorts(text: string | undefined): Map<number, string> {
  return new Map(entriesOf(text).map((entry) => {
    const [, port, mode] = /^(\d{1,5})=(\w+)$/.exec(entry.text) ?? []
    const isGood = port !== undefined && Number(port) >= 1 && Number(port) <= MAX_PORT && MODES.includes(mode!)
    if (!isGood) throw badEntry(`${PREFIX}ports`, entry, `example: 8080=mtls,9090=plaintext; modes are ${MODES.join(', ')}`)
    return [Number(port), mode!]
  }))
}

function oneOf<T extends string>(name: string, value: string | undefined, values: readonly T[]): T | undefined {
  if (value !== undefined && !(values as readonly string[]).includes(value)) throw badAnnotation(PREFIX + name, `is ${value}`, `it may be ${values.join(' or ')}`)
  return value as T | undefined
}
