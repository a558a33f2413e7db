import { addProcessMetrics } from '../../base/process-metrics.ts'
import { VERSION } from '../../base/version.ts'
import type { Identity } from '../../identity/material.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'
import { caOnlyPlaces } from './ca-only.ts'
import type { SidecarEngine } from './engine.ts'

export interface SidecarState {
  readonly engine: SidecarEngine['name']
  readonly workload: string
  readonly isReady: boolean
  readonly identity: Identity | undefined
  readonly identityUpdates: number
  readonly identityErrors: number
  readonly reloads: { readonly ok: number, readonly failed: number }
  readonly startedAtMs: number
}

/** The metrics that every engine has; see docs/sidecar.md. */
export function addSidecarMetrics(page: MetricsPage, state: SidecarState): void {
  const { engine, workload, identity, reloads } = state
  page.gauge('mtlscope_build_info', 'Always 1.', 1, { version: VERSION, engine, workload })
  page.gauge('mtlscope_ready', '1 where it serves.', state.isReady ? 1 : 0)
  if (identity !== undefined) page.gauge('mtlscope_identity_expiry_timestamp_seconds', 'When the first certificate of the chain expires, since 1970.', Math.floor(identity.notAfterMs / 1000))
  page.counter('mtlscope_identity_updates_total', 'Identities taken over while it ran.', state.identityUpdates)
  page.counter('mtlscope_identity_errors_total', 'Identities that could not be had or used.', state.identityErrors)
  page.counter('mtlscope_config_reloads_total', 'Configurations read while it ran.', [[{ result: 'ok' }, reloads.ok], [{ result: 'failed' }, reloads.failed]])
  addProcessMetrics(page, state.startedAtMs)
}

/** What `/config` shows: nothing that is secret, paths only. */
export function configPage(engine: SidecarEngine['name'], plan: SidecarPlan, identity: Identity | undefined): object {
  return {
    version: VERSION, engine, plan, anyoneOfTheMesh: caOnlyPlaces(plan),
    identity: identity === undefined ? undefined : {
      name: identity.name, dnsNames: identity.dnsNames, serial: identity.serial, trustAnchors: identity.trustAnchors,
      notBefore: new Date(identity.notBeforeMs).toISOString(), notAfter: new Date(identity.notAfterMs).toISOString(),
    },
  }
}
