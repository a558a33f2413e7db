import { fields, list } from '../fields.ts'
import type { LiveObject } from './live-object.ts'

/** How far a Deployment or DaemonSet is. */
export interface RolloutState {
  readonly done: boolean
  readonly ready: number
  readonly wanted: number
  /** Why no pod can be made at all: quota, Pod Security, a webhook. */
  readonly refused: string | undefined
}

/** Pure. What the controller has not looked at since it was applied is not done. */
export function rolloutState({ kind, metadata, spec, status: said }: LiveObject): RolloutState {
  const status = fields(said)
  const seen = Number(status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  const of = (name: string): number => Number(status[name] ?? 0)
  const refused = list(status.conditions).find(({ type, status: holds }) => type === 'ReplicaFailure' && holds === 'True')
  const isDaemonSet = kind === 'DaemonSet'
  const wanted = isDaemonSet ? of('desiredNumberScheduled') : Number(spec?.replicas ?? 1)
  const updated = isDaemonSet ? of('updatedNumberScheduled') : of('updatedReplicas')
  const ready = isDaemonSet ? of('numberReady') : of('readyReplicas')
  const surplus = isDaemonSet ? 0 : of('replicas') - updated
  return {
    done: seen && updated >= wanted && ready >= wanted && surplus <= 0, ready: Math.min(ready, updated), wanted,
    refused: refused === undefined ? undefined : String(refused.message ?? 'its pods are refused').slice(0, 400),
  }
}
