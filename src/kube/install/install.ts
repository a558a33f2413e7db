import { MtlscopeError } from '../../base/errors.ts'
import { statusOf } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import type { Right } from '../rights.ts'
import { requireRights } from '../rights.ts'
import { awaitRollout } from './await-rollout.ts'
import { ChangeLog, applyObject } from './change-log.ts'
import type { Change } from './change-log.ts'
import { findInstalled, installedKinds, installedParts } from './installed.ts'
import type { InstallOptions } from './install-options.ts'
import { rightsToApply, rightsToFind } from './install-rights.ts'
import type { LiveObject } from './live-object.ts'
import { isOurs, managerOf } from './live-object.ts'
import type { Manifest } from './object-names.ts'
import { COMPONENT_LABEL, HOME_LABEL } from './object-names.ts'
import { objectPath, objectText } from './object-paths.ts'
import { planManifests, planNamespace } from './plan-manifests.ts'
import { deleteObjects, untilGone } from './remove-objects.ts'
import { checkServerVersion } from './server-version.ts'

const LEVEL_LABEL = 'pod-security.kubernetes.io/enforce'
const UNDO_TIMEOUT_MS = 90_000

export interface InstallRun {
  readonly wait: boolean
  readonly timeoutMs: number
  /** What was created stays where a part does not become ready. */
  readonly keepFailed: boolean
  /** Objects of the installation that are not planned any more go. */
  readonly prune: boolean
  readonly signal: AbortSignal
  say(text: string): void
}

interface Planned { readonly manifest: Manifest, readonly before: LiveObject | undefined }

/**
 * Applies all that `options` ask for and waits until it is ready. Where it fails or is interrupted, this run's changes are undone.
 * Throws 'kube-refused' with the rights that are missing, 'install-conflict' for objects of others, 'install-failed' for a part that
 * does not become ready; before the first two nothing was changed.
 */
export async function install(client: KubeClient, options: InstallOptions, run: InstallRun): Promise<void> {
  const planned = await lookBefore(client, options, run)
  const log = new ChangeLog(client)
  try {
    for (const stage of stagesOf(planned)) {
      await applyAll(stage, log, run)
      if (run.wait) await awaitAll(client, stage, run)
    }
  } catch (error) {
    if (!run.keepFailed) await undo(client, log, options, run)
    throw run.signal.aborted ? new MtlscopeError('install-failed', 'interrupted', { cause: error }) : error
  }
  if (run.prune) await prune(client, options, planned, run)
}

/** A part after the other: where the image cannot be pulled, the first one shows it, and no node was touched by the agents. */
function stagesOf(planned: readonly Planned[]): Planned[][] {
  const stages = new Map<string, Planned[]>()
  for (const step of planned) {
    const part = step.manifest.metadata.labels[COMPONENT_LABEL] ?? ''
    stages.set(part, [...stages.get(part) ?? [], step])
  }
  return [...stages.values()]
}

async function applyAll(planned: readonly Planned[], log: ChangeLog, { signal, say }: InstallRun): Promise<void> {
  const counts: Record<Change, number> = { created: 0, changed: 0, same: 0 }
  for (const { manifest, before } of planned) {
    signal.throwIfAborted()
    counts[await log.apply(manifest, before)]++
  }
  const { kind, metadata: { labels } } = planned[0]!.manifest
  const what = [[counts.created, 'created'], [counts.changed, 'changed'], [counts.same, 'as they were']].filter(([count]) => count !== 0)
  say(`${labels[COMPONENT_LABEL] ?? kind.toLowerCase()}: ${what.map((pair) => pair.join(' ')).join(', ')}`)
}

/** Everything that can be known before anything is changed. */
async function lookBefore(client: KubeClient, options: InstallOptions, run: InstallRun): Promise<Planned[]> {
  const warning = checkServerVersion(await client.get('/version'), options.parts)
  if (warning !== undefined) run.say(`warning: ${warning}`)
  const wanted = planManifests(options)
  const pruned = run.prune ? rightsToFind(installedKinds({ outside: !options.namespaceOnly }), options.namespace) : []
  await requireInstallRights(client, [...rightsToApply(wanted, !run.keepFailed), ...pruned], options)
  const home = await findHome(client, options)
  const manifests = homeIsOurs(home) ? wanted : wanted.filter(({ kind }) => kind !== 'Namespace')
  checkHome(home, options)
  const planned = await Promise.all(manifests.map(async (manifest) => {
    const before = await client.find(objectPath(manifest)) as LiveObject | undefined
    if (before !== undefined) refuseForeign({ ...before, kind: manifest.kind }, options)
    return { manifest: await keepLevel(manifest, client, options), before: before === undefined ? undefined : { ...before, kind: manifest.kind } }
  }))
  await requirePullSecrets(client, options)
  // What admission and the rule that nobody grants more than he has say, as far as they can say it beforehand.
  for (const { manifest, before } of planned) if (canTry(manifest, before, home)) await applyObject(client, manifest, true)
  return planned
}

/** Without it the image might not be pulled, minutes later. Who may not look at secrets finds out then. */
async function requirePullSecrets(client: KubeClient, { pullSecrets, namespace }: InstallOptions): Promise<void> {
  for (const name of pullSecrets) {
    const found = await client.find(`/api/v1/namespaces/${namespace}/secrets/${name}`).catch((error: unknown) => {
      if (statusOf(error) === 403) return true
      throw error
    })
    if (found !== undefined) continue
    throw new MtlscopeError('install-conflict', `there is no secret ${name} in namespace ${namespace} to pull the image with; nothing was changed`, {
      hint: `kubectl create namespace ${namespace}, then kubectl create secret docker-registry ${name} -n ${namespace} --docker-server=… --docker-username=… --docker-password=…`, facts: { namespace, secret: name },
    })
  }
}

/** A dry run needs the namespace, and for a binding the role: of what is still to come nothing can be said. */
function canTry({ kind, metadata: { namespace } }: Manifest, before: LiveObject | undefined, home: LiveObject | undefined): boolean {
  return (home !== undefined || namespace === undefined) && (before !== undefined || !kind.endsWith('Binding'))
}

async function requireInstallRights(client: KubeClient, rights: readonly Right[], { namespace, namespaceOnly }: InstallOptions): Promise<void> {
  try {
    await requireRights(client, rights, 'install')
  } catch (error) {
    if (!(error instanceof MtlscopeError) || namespaceOnly || error.facts.missing === undefined) throw error
    throw new MtlscopeError(error.code, error.message, { hint: `who has just a namespace: mtlscope install --namespace-only ${namespace}; else ${error.hint}`, facts: error.facts, cause: error })
  }
}

/** Who has just a namespace may often not look at it: then it is taken for one that is there, and another's. */
async function findHome(client: KubeClient, options: InstallOptions): Promise<LiveObject | undefined> {
  try {
    return await client.find(objectPath(planNamespace(options))) as LiveObject | undefined
  } catch (error) {
    if (!options.namespaceOnly || statusOf(error) !== 403) throw error
    return { kind: 'Namespace', metadata: { name: options.namespace } }
  }
}

function homeIsOurs(home: LiveObject | undefined): boolean {
  return home === undefined || isOurs(home)
}

/** A namespace that was there before is taken as it is, and stays. */
function checkHome(home: LiveObject | undefined, { namespace, namespaceOnly, parts }: InstallOptions): void {
  if (home === undefined) {
    if (namespaceOnly) throw new MtlscopeError('install-conflict', `there is no namespace ${namespace}`, { hint: 'name the one that you have: --namespace-only NAME' })
    return
  }
  if ((home.metadata as { deletionTimestamp?: string }).deletionTimestamp !== undefined) throw new MtlscopeError('install-conflict', `namespace ${namespace} is being deleted`, { hint: 'wait until it is gone: kubectl get namespace' })
  const level = home.metadata.labels?.[LEVEL_LABEL] ?? 'privileged'
  if (homeIsOurs(home) || !parts.includes('agent') || level === 'privileged') return
  throw new MtlscopeError('install-conflict', `namespace ${namespace} enforces the Pod Security level ${level}, under which agents cannot run`, { hint: `kubectl label --overwrite namespace ${namespace} ${LEVEL_LABEL}=privileged, or install what needs no more: --only secure`, facts: { namespace, level } })
}

/** The level of the namespace is that of everything in it, also of parts that are not asked for this time. */
async function keepLevel(manifest: Manifest, client: KubeClient, options: InstallOptions): Promise<Manifest> {
  if (manifest.kind !== 'Namespace') return manifest
  return planNamespace({ ...options, parts: [...options.parts, ...await installedParts(client, options.namespace)] })
}

function refuseForeign(before: LiveObject, { namespace, managedBy }: InstallOptions): void {
  const conflict = (why: string, hint: string): MtlscopeError => new MtlscopeError('install-conflict', `${objectText(before)} ${why}; nothing was changed`, { hint, facts: { object: objectText(before) } })
  if (!isOurs(before)) throw conflict('is there already, and not of mtlscope', 'rename it, or install into another namespace: -n NAME')
  const home = before.metadata.labels?.[HOME_LABEL] ?? namespace
  if (home !== namespace) throw conflict(`belongs to the installation in namespace ${home}`, `there is one in a cluster: mtlscope upgrade -n ${home}, or mtlscope uninstall -n ${home}`)
  const manager = managerOf(before) ?? managedBy
  if (manager !== managedBy) throw conflict(`is managed by ${manager}`, manager === 'Helm' ? 'use: helm upgrade' : 'change it there')
}

async function awaitAll(client: KubeClient, planned: readonly Planned[], run: InstallRun): Promise<void> {
  const workloads = planned.map(({ manifest }) => manifest).filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
  for (const workload of workloads) await awaitRollout(client, workload, run)
}

async function undo(client: KubeClient, log: ChangeLog, { namespace }: InstallOptions, run: InstallRun): Promise<void> {
  run.say('undoing what this run changed')
  const problems = await log.undo()
  if (log.created('Namespace') && !await untilGone(client, [{ kind: 'Namespace', metadata: { name: namespace } }], UNDO_TIMEOUT_MS)) problems.push(`namespace ${namespace} is still being deleted`)
  for (const problem of problems) run.say(`warning: not undone: ${problem}`)
}

/** Objects that an older version had, or a part that is not wanted in this form any more. */
async function prune(client: KubeClient, options: InstallOptions, planned: readonly Planned[], { say }: InstallRun): Promise<void> {
  const wanted = new Set(planned.map(({ manifest }) => objectPath(manifest)))
  const installed = await findInstalled(client, options.namespace, { outside: !options.namespaceOnly })
  const stale = installed.filter((object) => managerOf(object) === options.managedBy && object.kind !== 'Namespace' && object.kind !== 'Pod' && !wanted.has(objectPath(object)))
  await deleteObjects(client, stale, say)
}
