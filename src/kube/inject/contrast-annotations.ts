import { MtlscopeError } from '../../base/errors.ts'
import type { ContrastEgress } from '../../intercept/plan/contrast-egress.ts'
import { parseContrastEgress } from '../../intercept/plan/contrast-egress.ts'
import { parseContrastIngress, parseContrastPort } from '../../intercept/plan/contrast-ingress.ts'
import { annotationText, badAnnotation } from './annotation.ts'

const PREFIX = 'contrast.edgeless.systems/servicemesh-'
export const INGRESS = `${PREFIX}ingress`
export const EGRESS = `${PREFIX}egress`
export const ADMIN = `${PREFIX}admin-interface-port`
/** Instead of a list: what comes in is not the mesh's. */
const DISABLED = 'DISABLED'

/** What Contrast's annotations of a pod ask for. */
export interface ContrastSettings {
  /** Port → mode; of one that is there twice the first counts. */
  readonly ports: ReadonlyMap<number, 'tls' | 'plaintext'>
  readonly isOpen: boolean
  readonly map: readonly ContrastEgress[]
  readonly admin: number | undefined
}

/** Undefined where none of the three is there; empty ones count, as they do with Contrast. Throws 'bad-manifest' with the words that Contrast has for it. */
export function parseContrastAnnotations(annotations: Readonly<Record<string, unknown>>): ContrastSettings | undefined {
  const [ingress, egress, admin] = [INGRESS, EGRESS, ADMIN].map((name) => annotationText(annotations, name))
  if (ingress === undefined && egress === undefined && admin === undefined) return undefined
  const isOpen = ingress === DISABLED
  const inbound = within(INGRESS, () => parseContrastIngress(isOpen ? '' : ingress ?? ''))
  return {
    ports: new Map(inbound.map(({ port, isPlain }) => [port, isPlain ? 'plaintext' as const : 'tls' as const] as const).toReversed()),
    isOpen, map: within(EGRESS, () => parseContrastEgress(egress ?? '')), admin: adminPort(admin),
  }
}

function adminPort(text: string | undefined): number | undefined {
  const port = text === undefined || text === '' ? undefined : parseContrastPort(text)
  if (port === undefined && text !== undefined && text !== '') throw badAnnotation(ADMIN, `is ${text}`, 'a number from 1 to 65535')
  return port
}

function within<T>(name: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    throw badAnnotation(name, `cannot be understood: ${error.message}`, error.hint ?? 'see: docs/guides/contrast.md')
  }
}
