import { MtlscopeError } from '../base/errors.ts'
import type { Pod } from './pod.ts'

/** Which pods are meant. */
export interface PodChoice {
  /** Matched anywhere in the name; undefined: all. */
  readonly pattern: RegExp | undefined
  /** Undefined: of every namespace. */
  readonly namespaces: readonly string[] | undefined
  /** Parts of mtlscope in this namespace are left alone: what they say of others' traffic would be traffic again. */
  readonly exceptOurs?: string
}

const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_PATTERN = 256

/** `namespaces`: of -n; `usual`: the one of the kubeconfig's context, for where neither -n nor -A is given. Throws 'usage'. */
export function planPodChoice(pattern: string | undefined, namespaces: readonly string[] | undefined, all: boolean, usual: string): PodChoice {
  if (all && namespaces !== undefined) throw new MtlscopeError('usage', '-A means every namespace, -n some of them', { hint: 'give one of the two' })
  const chosen = all ? undefined : namespaces ?? [usual]
  const wrong = chosen?.find((name) => !NAMESPACE.test(name))
  if (wrong !== undefined || chosen?.length === 0) throw new MtlscopeError('usage', `not the name of a namespace: ${wrong ?? ''}`, { hint: 'see: kubectl get namespaces' })
  return { pattern: parsePattern(pattern), namespaces: chosen }
}

function parsePattern(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined
  try {
    if (text.length <= MAX_PATTERN) return new RegExp(text)
  } catch {
    // The same answer as for one that is too long.
  }
  throw new MtlscopeError('usage', `not a regular expression: ${text.slice(0, MAX_PATTERN)}`, { hint: 'example: ^web-' })
}

export function isChosen({ pattern, namespaces }: PodChoice, pod: Pod): boolean {
  return (namespaces?.includes(pod.namespace) ?? true) && (pattern?.test(pod.name) ?? true)
}
