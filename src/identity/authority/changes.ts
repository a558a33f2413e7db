import { parseSpiffeId } from '../spiffe.ts'
import { MtlscopeError } from '../../base/errors.ts'
import { isDnsName } from '../certificate-names.ts'
import { MIN_TTL_MILLIS } from '../lifetime.ts'
import type { AuditEntry } from './audit.ts'
import type { CaStore } from './ca-store.ts'
import type { AuthorityNames, Generated } from './generation.ts'
import { generateIntermediate, generateRoot, readSigner } from './generation.ts'
import { phaseOf, planDrop, planPublication, planRenewal, planSwitch, requireStable } from './rotation.ts'
import type { CaState, RootRecord } from './state.ts'
import { activeRoot, rootOf } from './state.ts'

/** When a change happens and who makes it, for the audit log: `serve`, `uid 0`. */
export interface Occasion { readonly nowMillis: number, readonly by: string }

export interface NewCa extends AuthorityNames { readonly maxTtlMillis: number }

const MAX_COMMON_NAME = 40

/** Makes a CA in a place that has none. Throws 'ca-exists', 'usage', 'cannot-write', 'ca-busy'. */
export async function initCa(store: CaStore, { trustDomain, name, dnsDomains, maxTtlMillis }: NewCa, occasion: Occasion): Promise<CaState> {
  const settings: NewCa = { trustDomain, name, dnsDomains, maxTtlMillis }
  requireSettings(settings)
  await store.create()
  return await store.exclusively(async () => {
    if (await store.hasState()) throw new MtlscopeError('ca-exists', `there is a CA in ${store.path} already`, { hint: `look at it: mtlscope ca show ${store.option}`, facts: { path: store.path } })
    const { root, intermediate } = await generateRoot(store, settings, occasion.nowMillis)
    const state: CaState = {
      version: 1, ...settings, createdAtMillis: occasion.nowMillis,
      roots: [{ id: root.id, role: 'active', intermediateId: intermediate.id, publishedAtMillis: occasion.nowMillis }],
    }
    await audit(store, occasion, { event: 'ca-created', certificateId: root.id })
    await store.writeState(state, true)
    return state
  })
}

function requireSettings({ trustDomain, name, dnsDomains, maxTtlMillis }: NewCa): void {
  const id = parseSpiffeId(`spiffe://${trustDomain}`)
  if (id === undefined || id.path !== '') throw new MtlscopeError('usage', `not a trust domain: ${trustDomain}`, { hint: 'lower-case letters, digits, dots, dashes and underscores, as in cluster.local' })
  if (!/^[\x20-\x7e]+$/.test(name) || name.length > MAX_COMMON_NAME) throw new MtlscopeError('usage', `not a name for certificates: ${name}`, { hint: `up to ${MAX_COMMON_NAME} ASCII characters` })
  const odd = dnsDomains.find((domain) => !isDnsName(domain))
  if (odd !== undefined) throw new MtlscopeError('usage', `not a DNS name: ${odd}`, { hint: 'in lower case, as in shop.test' })
  if (maxTtlMillis < MIN_TTL_MILLIS) throw new MtlscopeError('usage', `the longest lifetime must be at least ${MIN_TTL_MILLIS / 1000} s`)
}

/** Makes the next root and publishes it. Throws 'ca-rotation' where a rotation is under way. */
export async function startRotation(store: CaStore, occasion: Occasion): Promise<CaState> {
  return await changeState(store, async (state) => {
    requireStable(state)
    const { root, intermediate } = await generateRoot(store, namesOf(state), occasion.nowMillis)
    await audit(store, occasion, { event: 'root-published', certificateId: root.id })
    return planPublication(state, { id: root.id, intermediateId: intermediate.id }, occasion.nowMillis)
  })
}

/** Switches to the next root or, when that is done, drops the old one. Throws 'ca-rotation' before its time unless forced. */
export async function finishRotation(store: CaStore, occasion: Occasion, force: boolean): Promise<CaState> {
  return await changeState(store, async (state) => {
    if (phaseOf(state) !== 'published') return await dropped(store, state, planDrop(state, occasion.nowMillis, force), occasion)
    const switched = planSwitch(state, occasion.nowMillis, force)
    await audit(store, occasion, { event: 'root-activated', certificateId: activeRoot(switched).id })
    return switched
  })
}

/** Drops the old root. Where another process did so already, nothing happens. */
export async function dropOldRoot(store: CaStore, occasion: Occasion): Promise<CaState> {
  return await changeState(store, async (state) => rootOf(state, 'old') === undefined
    ? state
    : await dropped(store, state, planDrop(state, occasion.nowMillis, false), occasion))
}

async function dropped(store: CaStore, before: CaState, after: CaState, occasion: Occasion): Promise<CaState> {
  await audit(store, occasion, { event: 'root-dropped', certificateId: rootOf(before, 'old')!.id })
  return after
}

/** Another intermediate below the active root, unless it has changed from `intermediateId` meanwhile. Throws 'ca-state' where the root's key is kept elsewhere. */
export async function renewIntermediate(store: CaStore, intermediateId: string, occasion: Occasion): Promise<CaState> {
  return await changeState(store, async (state) => {
    const active = activeRoot(state)
    if (active.intermediateId !== intermediateId) return state
    const root = await readSigner(store, 'root', active.id)
    const { id }: Generated = await generateIntermediate(store, namesOf(state), occasion.nowMillis, root)
    await audit(store, occasion, { event: 'intermediate-renewed', certificateId: id })
    return planRenewal(state, id)
  })
}

/** Keys that no root of the new state needs are removed after it is in force. */
async function changeState(store: CaStore, change: (state: CaState) => Promise<CaState>): Promise<CaState> {
  return await store.exclusively(async () => {
    const before = await store.readState()
    const after = await change(before)
    if (after === before) return before
    await store.writeState(after)
    await removeKeys(store, before.roots, after.roots)
    return after
  })
}

async function removeKeys(store: CaStore, before: readonly RootRecord[], after: readonly RootRecord[]): Promise<void> {
  for (const { id, intermediateId } of before) {
    if (!after.some((root) => root.id === id)) await store.removeKey('root', id)
    if (!after.some((root) => root.intermediateId === intermediateId)) await store.removeKey('intermediate', intermediateId)
  }
}

function namesOf({ trustDomain, dnsDomains, name }: CaState): AuthorityNames {
  return { trustDomain, dnsDomains, name }
}

async function audit(store: CaStore, { by, nowMillis }: Occasion, entry: Omit<AuditEntry, 'by'>): Promise<void> {
  await store.audit.append({ ...entry, by }, nowMillis)
}
