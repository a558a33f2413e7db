import { MtlscopeError } from '../base/errors.ts'
import { finishRotation, startRotation } from '../identity/authority/changes.ts'
import { iso } from '../identity/authority/issuer.ts'
import { phaseOf, switchDueMillis } from '../identity/authority/rotation.ts'
import type { CaState } from '../identity/authority/state.ts'
import { activeRoot, rootOf } from '../identity/authority/state.ts'
import { occasion } from './ca-folder.ts'
import type { CaPlaceFlags } from './ca-store.ts'
import { withCaStore } from './ca-store.ts'
import { say } from './say.ts'

export interface RotateRootFlags extends CaPlaceFlags { finish?: boolean, force?: boolean }

export async function runRotateRoot(flags: RotateRootFlags): Promise<void> {
  const { finish, force } = flags
  if (force === true && finish !== true) throw new MtlscopeError('usage', '--force goes with --finish', { hint: 'see: mtlscope ca rotate-root --help' })
  const state = await withCaStore(flags, (store) => finish === true ? finishRotation(store, occasion(), force === true) : startRotation(store, occasion()))
  for (const line of rotationText(state)) say(line)
}

/** What is in force now, and what comes next. */
export function rotationText(state: CaState): string[] {
  const active = activeRoot(state)
  const phase = phaseOf(state)
  if (phase === 'published') {
    return [`root ${rootOf(state, 'next')!.id} is published beside ${active.id}, which goes on issuing`, `next, from ${iso(switchDueMillis(state)!)} on: mtlscope ca rotate-root --finish`]
  }
  if (phase === 'switched') {
    const old = rootOf(state, 'old')!
    return [`root ${active.id} issues; ${old.id} is still trusted`, `next, from ${iso(old.dropAtMillis!)} on: mtlscope ca rotate-root --finish (or mtlscope ca serve, by itself)`]
  }
  return [`root ${active.id} issues and is the only one trusted`]
}
