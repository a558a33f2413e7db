import type { Check } from './check.ts'
import { probeMachine } from './probe-machine.ts'
import { probePrograms } from './probe-programs.ts'
import { probeRights } from './probe-rights.ts'
import { probeUserNamespaces } from './probe-user-namespaces.ts'

/**
 * Looks at what this machine permits, trying out what can be tried: a ring is opened, a fresh namespace entered.
 * Nothing of that is left behind. Never throws for something that is missing.
 */
export async function probe(): Promise<Check[]> {
  const [userNamespaces, programs] = await Promise.all([probeUserNamespaces(), probePrograms()])
  return [...probeMachine(), ...probeRights(), userNamespaces, ...programs]
}

/** Whether live capture works here. */
export function tapWorks(checks: readonly Check[]): boolean {
  return checks.every((check) => !check.required || check.state === 'ok')
}
