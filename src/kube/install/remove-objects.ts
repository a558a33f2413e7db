import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '../client.ts'
import { objectPath, objectText } from './object-paths.ts'

const LOOK_MS = 500

type Named = { readonly kind: string, readonly metadata: { readonly name: string, readonly namespace?: string } }

/** Deletes each; one that cannot be deleted does not keep the others. Returns what went wrong. */
export async function deleteObjects(client: KubeClient, objects: readonly Named[], say: (text: string) => void): Promise<string[]> {
  const problems: string[] = []
  for (const object of objects) {
    try {
      if (await client.delete(objectPath(object), { propagationPolicy: 'Background' }) !== undefined) say(`deleted ${objectText(object)}`)
    } catch (error) {
      problems.push(`${objectText(object)}: ${(error as Error).message}`)
    }
  }
  return problems
}

/** False where one of them is still there when the time is over. */
export async function untilGone(client: KubeClient, objects: readonly Named[], timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs
  for (const object of objects) {
    while (await client.find(objectPath(object)) !== undefined) {
      if (performance.now() > endMs) return false
      await sleep(LOOK_MS)
    }
  }
  return true
}
