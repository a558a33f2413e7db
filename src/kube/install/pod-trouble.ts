import { fields, list } from '../fields.ts'
import type { Fields } from '../fields.ts'

/** Why a pod is not ready. `final`: waiting does not help. */
export interface PodTrouble { readonly why: string, readonly final: boolean, readonly hasLog: boolean }

/** What the kubelet says of a container that will not start until someone changes something. */
const FINAL = new Set(['ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])
const PULLING = new Set(['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable'])
/** A registry that is slow is asked again; the third pause is a minute after the first try. */
const PULL_PATIENCE_MS = 45_000
const MAX_SAID = 600
/** The CA may be seconds away: a part that needs it may end once or twice. */
const MAX_RESTARTS = 4

/** Pure. `waitedMs`: since the pod is looked at. Undefined for a pod that is ready, or on its way with nothing to tell. */
export function podTrouble(pod: { readonly spec?: unknown, readonly status?: unknown }, waitedMs: number): PodTrouble | undefined {
  const status = fields(pod.status)
  if (status.phase === 'Failed') return { why: said(status) || 'it failed', final: true, hasLog: true }
  for (const container of [...list(status.initContainerStatuses), ...list(status.containerStatuses)]) {
    const trouble = containerTrouble(container, waitedMs)
    if (trouble !== undefined) return trouble
  }
  const scheduled = list(status.conditions).find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') return { why: `no node takes it: ${said(scheduled)}`, final: false, hasLog: false }
  return undefined
}

function containerTrouble(container: Fields, waitedMs: number): PodTrouble | undefined {
  const waiting = fields(fields(container.state).waiting)
  const reason = String(waiting.reason ?? '')
  const image = String(container.image ?? '')
  const restarts = Number(container.restartCount ?? 0)
  const last = fields(fields(container.lastState).terminated)
  if (PULLING.has(reason)) return { why: `its image ${image} cannot be pulled: ${pullReason(said(waiting))}`, final: waitedMs > PULL_PATIENCE_MS, hasLog: false }
  if (reason === 'ErrImageNeverPull') return { why: `its image ${image} is not on the node, and may not be pulled`, final: true, hasLog: false }
  if (FINAL.has(reason)) return { why: `${reason}: ${said(waiting)}`, final: true, hasLog: false }
  if (restarts > 0 && container.ready !== true) {
    return { why: `container ${String(container.name)} ended ${restarts === 1 ? 'once' : `${restarts} times`}, at last with ${last.reason === 'OOMKilled' ? 'too little memory' : `exit code ${String(last.exitCode ?? '?')}`}`, final: restarts >= MAX_RESTARTS, hasLog: true }
  }
  return undefined
}

/** The innermost of what layers of the kubelet and of containerd wrap in each other. */
function pullReason(text: string): string {
  return text.replace(/^.*failed to (?:do request|resolve reference|pull and unpack image)[^:]*: (?:"[^"]*": )?/, '').replace(/^Back-off pulling image "[^"]*": (?:ErrImagePull: )?/, '')
}

function said({ message, reason }: Fields): string {
  return String(message ?? reason ?? '').replace(/\s+/g, ' ').trim().slice(0, MAX_SAID)
}
