import { MtlscopeError } from '../../base/errors.ts'
import { fields } from '../fields.ts'
import type { InjectOptions } from '../inject/inject-pod.ts'
import { planInjection } from '../inject/inject-pod.ts'
import type { AdmissionAnswer, AdmissionRequest } from './admission-review.ts'
import type { PodOwner } from './pod-owner.ts'
import { ownerOfPod } from './pod-owner.ts'
import { podPatch } from './pod-patch.ts'

/** What becomes of one pod. */
export interface Admission {
  readonly answer: AdmissionAnswer
  readonly outcome: 'injected' | 'left' | 'refused' | 'other'
  /** For people: why it was left or refused. */
  readonly why?: string
  readonly owner?: PodOwner
}

const ALLOWED: AdmissionAnswer = { allowed: true }

/** Decides about a request. Whatever is no new pod is let through as it is; one that cannot be made safe is refused, with the place of the error. */
export function admitPod(request: AdmissionRequest, options: InjectOptions): Admission {
  if (request.kind !== 'Pod' || request.operation !== 'CREATE') return { answer: ALLOWED, outcome: 'other' }
  const pod = request.object
  const owner = ownerOfPod(pod)
  try {
    const plan = planInjection({ metadata: fields(pod.metadata), spec: fields(pod.spec) }, owner.workload, options)
    if (plan.kind === 'inject') return { answer: { allowed: true, patch: podPatch(pod, plan.injection), warnings: plan.injection.notes.map(said) }, outcome: 'injected', owner }
    if (plan.isAsked) return { answer: ALLOWED, outcome: 'left', owner }
    return { answer: { allowed: true, warnings: [said(`no sidecar: ${plan.why}`)] }, outcome: 'left', why: plan.why, owner }
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    const why = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`
    return { answer: { allowed: false, message: said(`pod ${owner.label}: ${why}`) }, outcome: 'refused', why, owner }
  }
}

function said(text: string): string {
  return `mtlscope: ${text}`
}
