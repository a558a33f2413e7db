import { MtlscopeError } from '../../base/errors.ts'
import { BACKDATE_MILLIS, renewAtMillis } from '../lifetime.ts'
import { iso } from './issuer.ts'
import type { CaState, RootRecord } from './state.ts'
import { activeRoot, rootOf } from './state.ts'

/** Where a rotation is. It goes round: stable, published, switched, stable. */
export type RotationPhase = 'stable' | 'published' | 'switched'

export function phaseOf(state: CaState): RotationPhase {
  if (rootOf(state, 'next') !== undefined) return 'published'
  return rootOf(state, 'old') === undefined ? 'stable' : 'switched'
}

/** When everyone who renews in time has the bundle with both roots: the longest lifetime after it was published. Undefined where no switch is ahead. */
export function switchDueMillis(state: CaState): number | undefined {
  const next = rootOf(state, 'next')
  return next === undefined ? undefined : next.publishedAtMillis + state.maxTtlMillis
}

/** The state in which `next` is in the bundle and issues nothing. Throws 'ca-rotation' where a rotation is under way. */
export function planPublication(state: CaState, ids: { id: string, intermediateId: string }, nowMillis: number): CaState {
  requireStable(state)
  const next: RootRecord = { ...ids, role: 'next', publishedAtMillis: nowMillis }
  return { ...state, roots: [activeRoot(state), next] }
}

export function requireStable(state: CaState): void {
  const phase = phaseOf(state)
  if (phase === 'published') throw new MtlscopeError('ca-rotation', `root ${rootOf(state, 'next')!.id} is published already`, { hint: 'switch to it: mtlscope ca rotate-root --finish' })
  if (phase === 'switched') {
    const old = rootOf(state, 'old')!
    throw new MtlscopeError('ca-rotation', `the old root ${old.id} is still in the bundle`, { hint: `it is dropped after ${iso(old.dropAtMillis!)}, or by: mtlscope ca rotate-root --finish` })
  }
}

/** The state in which the next root issues and the old one is only trusted. Throws 'ca-rotation' before its time unless forced. */
export function planSwitch(state: CaState, nowMillis: number, force: boolean): CaState {
  const next = rootOf(state, 'next')
  if (next === undefined) throw new MtlscopeError('ca-rotation', 'there is no root to switch to', { hint: 'begin with: mtlscope ca rotate-root' })
  requireDue(switchDueMillis(state)!, nowMillis, force, 'workloads that renewed before the next root was published do not trust it yet')
  const { publishedAtMillis, id, intermediateId } = activeRoot(state)
  // A client's clock may be behind: for it the last leaf of the old root lives a little longer.
  const old: RootRecord = { id, intermediateId, publishedAtMillis, role: 'old', dropAtMillis: nowMillis + state.maxTtlMillis + BACKDATE_MILLIS }
  return { ...state, roots: [{ ...next, role: 'active' }, old] }
}

/** The state without the old root. Throws 'ca-rotation' before its time unless forced. */
export function planDrop(state: CaState, nowMillis: number, force: boolean): CaState {
  const old = rootOf(state, 'old')
  if (old === undefined) throw new MtlscopeError('ca-rotation', 'there is no old root to drop', { hint: 'begin with: mtlscope ca rotate-root' })
  requireDue(old.dropAtMillis!, nowMillis, force, 'certificates that the old root stands for may still be valid')
  return { ...state, roots: [activeRoot(state)] }
}

function requireDue(dueMillis: number, nowMillis: number, force: boolean, why: string): void {
  if (force || nowMillis >= dueMillis) return
  throw new MtlscopeError('ca-rotation', `too early: ${why}`, { hint: `wait until ${iso(dueMillis)}, or say --force`, facts: { dueMillis } })
}

/** The state in which the active root has another intermediate. */
export function planRenewal(state: CaState, intermediateId: string): CaState {
  return { ...state, roots: state.roots.map((root) => root.role === 'active' ? { ...root, intermediateId } : root) }
}

export interface Upkeep { readonly dropOld: boolean, readonly renewIntermediate: boolean }

/** What is due by itself: an old root whose last leaf has expired, an intermediate at two thirds of its life. */
export function planUpkeep(state: CaState, intermediate: { notBeforeMillis: number, notAfterMillis: number }, nowMillis: number): Upkeep {
  const dropAtMillis = rootOf(state, 'old')?.dropAtMillis
  return {
    dropOld: dropAtMillis !== undefined && nowMillis >= dropAtMillis,
    renewIntermediate: nowMillis >= renewAtMillis(intermediate.notBeforeMillis, intermediate.notAfterMillis),
  }
}
