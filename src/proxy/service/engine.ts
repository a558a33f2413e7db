import type { IdentityMaterial } from '../../identity/material.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'
import type { ConnectionInfo, FinishedConnection } from '../relay/connection-report.ts'
import type { Tap } from '../relay/relay.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'

export interface EngineEvents {
  connections(batch: readonly FinishedConnection[]): void
  /** Something worth a line for people, in the program's voice. */
  notice(text: string): void
  /** It ended or lost connections without being told to. It cannot go on. */
  failed(error: Error): void
}

/** What runs a plan: the relay of this program, or Envoy. */
export interface RunningEngine {
  /** Resolves when every listener accepts. */
  readonly ready: Promise<void>
  /** False for a while where it ended by itself and is started anew. */
  isServing(): boolean
  /** For connections from now on. Rejects with 'bad-identity', and keeps the old. */
  replaceIdentity(material: IdentityMaterial): Promise<void>
  /** Rejects where a listener cannot be opened, and keeps the old plan. */
  replacePlan(plan: SidecarPlan): Promise<void>
  /** Resolves with how many connections were cut off. */
  drain(timeoutMs: number): Promise<number>
  close(): Promise<void>
  /** Undefined where the engine cannot tell. */
  connections(): Promise<readonly ConnectionInfo[] | undefined>
  /** As Relay.tap. False where the engine has none. */
  tap(tap: Tap | undefined): boolean
  addMetrics(page: MetricsPage): Promise<void>
  /** Text in the same format that is put behind the page. */
  moreMetrics(): Promise<string>
}

export interface SidecarEngine {
  readonly name: 'embedded' | 'envoy'
  /** Keys of the configuration that differ and that it takes over only at its next start. */
  needsRestartFor(before: SidecarPlan, after: SidecarPlan): string[]
  start(plan: SidecarPlan, material: IdentityMaterial, events: EngineEvents): Promise<RunningEngine>
}
