import type { Pod } from '../pod.ts'

/**
 * What the one who looks from outside tells an agent on its standard input, one JSON object a line. An agent of a session has no rights in the
 * API server: it learns here which pods are meant and what addresses are called.
 */
export interface SessionLine {
  /** All pods of the agent's node that are meant. */
  readonly pods?: readonly Pod[]
  /** Address → name, all that are known. */
  readonly names?: Readonly<Record<string, string>>
  /** The watch is over: what is under way is to be written. */
  readonly end?: true
  /** A question of `check`, answered by one line with the same number. */
  readonly ask?: SessionQuestion
}

/** `rules`: what stands in the namespace of a pod. `probe`: see ProbeTarget, with the name of the pod for the path of its namespace. */
export type SessionQuestion = { readonly id: number, readonly rules: string } | { readonly id: number, readonly probe: readonly object[] }

/** A line without anything is sent so often, and who hears nothing for so long is alone: its connection hangs. */
export const SIGN_OF_LIFE_MS = 20_000
export const ALONE_MS = 90_000

export function sessionLine(line: SessionLine): string {
  return `${JSON.stringify(line)}\n`
}

/** Undefined for what is no such line. Its parts are looked at where they are used. */
export function parseSessionLine(text: string): SessionLine | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value as SessionLine : undefined
  } catch {
    return undefined
  }
}
