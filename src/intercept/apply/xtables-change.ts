import { MtlscopeError } from '../../base/errors.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import { TABLE_NAMES } from '../plan/plan.ts'
import type { Plan, TableName } from '../plan/plan.ts'
import { rulesOf } from '../plan/restore-text.ts'
import { changeScript, denyScript, hasDeny, liftScript, rollbackScript } from './change-script.ts'
import { compareSaved } from './difference.ts'
import { mustRunInside } from './in-namespace.ts'
import { rememberTables } from './made-tables.ts'
import type { MadeTable } from './made-tables.ts'
import { readSaved } from './namespace-state.ts'
import type { NamespaceState, Saved } from './namespace-state.ts'
import { applyRoutes, revertRoutes } from './policy-routes.ts'
import type { RouteState } from './policy-routes.ts'
import { rulesFailed, tryTo } from './rules-failed.ts'
import type { Standing } from './rules-failed.ts'
import { findXtables } from './xtables-program.ts'
import type { XtablesBackend } from './xtables-program.ts'

const LOCK_WAIT = ['-w', '10']

/** Without comments, counters and empty tables. */
function comparable(saved: Saved | undefined): string {
  return (saved?.text ?? '').split('\n').filter((line) => line.startsWith('-')).join('\n')
}

/** A change with a program that commits a table at a time: within a default deny, which is lifted when all of it was looked at. */
export class XtablesChange {
  readonly #plan: Plan
  readonly #netns: string
  readonly #backend: XtablesBackend
  readonly #state: NamespaceState
  readonly #routes: RouteState

  constructor(plan: Plan, netns: string, backend: XtablesBackend, state: NamespaceState, routes: RouteState) {
    this.#plan = plan
    this.#netns = netns
    this.#backend = backend
    this.#state = state
    this.#routes = routes
  }

  async apply(): Promise<void> {
    const versions = this.#versions()
    try {
      await this.#requirePrograms(versions)
      for (const version of versions) await this.#restore(version, denyScript(this.#saved(version)) + changeScript(this.#saved(version), version, this.#plan))
      await applyRoutes(this.#netns, this.#plan, this.#routes)
      await this.#lookAt(versions)
      for (const version of versions) await this.#restore(version, liftScript())
    } catch (cause) {
      const isBack = await tryTo(() => this.#rollBack(versions))
      throw rulesFailed(cause, isBack ? undefined : await this.#standing(versions))
    }
    await this.#remember(versions)
  }

  /** A program that fails at once has changed nothing, and may fail to bring back what is still there. */
  async #standing(versions: readonly IpVersion[]): Promise<Map<IpVersion, Standing>> {
    const standing = new Map<IpVersion, Standing>()
    for (const version of versions) {
      const now = await readSaved(this.#netns, this.#backend, version).catch(() => undefined)
      if (hasDeny(now)) standing.set(version, 'nothing but loopback passes')
      else standing.set(version, comparable(now) === comparable(this.#saved(version)) ? 'the rules from before' : 'the new rules')
    }
    return standing
  }

  /** Those that something changes of; without IPv6 in the kernel there is nothing to do for it. */
  #versions(): IpVersion[] {
    const there: readonly IpVersion[] = this.#state.hasIpv6 ? [4, 6] : [4]
    return there.filter((version) => hasDeny(this.#saved(version)) || changeScript(this.#saved(version), version, this.#plan) !== '')
  }

  #saved(version: IpVersion): Saved | undefined {
    return this.#state.saved.find((saved) => saved.version === version && saved.backend === this.#backend)
  }

  async #requirePrograms(versions: readonly IpVersion[]): Promise<void> {
    for (const version of versions) {
      for (const what of ['save', 'restore'] as const) {
        if (await findXtables(this.#backend, version, what) !== undefined) continue
        throw new MtlscopeError('missing-program', `no ${version === 4 ? 'iptables' : 'ip6tables'}-${what} of ${this.#backend} is installed`, { hint: 'apt-get install iptables, or --backend nft' })
      }
    }
  }

  async #restore(version: IpVersion, script: string, flush = false): Promise<void> {
    const program = await findXtables(this.#backend, version, 'restore')
    await mustRunInside(this.#netns, program ?? 'iptables-restore', [...LOCK_WAIT, ...flush ? [] : ['--noflush']], script)
  }

  async #lookAt(versions: readonly IpVersion[]): Promise<void> {
    const saved = await Promise.all(versions.map((version) => readSaved(this.#netns, this.#backend, version)))
    const differences = versions.flatMap((version, i) => compareSaved(this.#plan, version, saved[i]))
    if (differences.length > 0) throw new MtlscopeError('rules-failed', differences[0]!)
  }

  async #rollBack(versions: readonly IpVersion[]): Promise<void> {
    for (const version of versions) {
      const script = rollbackScript(this.#saved(version), this.#newTables(version))
      if (script !== '') await this.#restore(version, script, true)
    }
    await revertRoutes(this.#netns, this.#plan, this.#routes)
    if (this.#backend === 'iptables-nft') await rememberTables(this.#netns, [], this.#made(versions))
  }

  /** Tables that the change touches and that were not there. The filter table has the default deny. */
  #newTables(version: IpVersion): TableName[] {
    return TABLE_NAMES.filter((name) => (name === 'filter' || rulesOf(this.#plan, version, name).length > 0) && this.#saved(version)?.tables.some((table) => table.name === name) !== true)
  }

  #made(versions: readonly IpVersion[]): MadeTable[] {
    return versions.flatMap((version) => this.#newTables(version).map((name) => ({ version, name })))
  }

  async #remember(versions: readonly IpVersion[]): Promise<void> {
    if (this.#backend !== 'iptables-nft') return
    const made = this.#made(versions)
    const isIdle = ({ version, name }: MadeTable): boolean => rulesOf(this.#plan, version, name as TableName).length === 0
    await rememberTables(this.#netns, made.filter((one) => !isIdle(one)), made.filter(isIdle))
  }
}
