import type { Pod } from './pod.ts'

/** Where it is known from which pods there are. */
export interface PodSource {
  /** Brings it up to date. `nowMs`: of any monotonic clock; `node`: the one whose pods matter, where it is known. Throws what it throws for want of an answer. */
  refresh(nowMs: number, node: string | undefined): Promise<void>
  /** Those of the node at least. */
  readonly pods: readonly Pod[]
  /** Address → pod or service, '' where several claim it. */
  names(): Readonly<Record<string, string>>
  /** How many pods were chosen anywhere. */
  readonly chosen: number
  close(): void
}
