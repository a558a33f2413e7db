import { readdirSync } from 'node:fs'

/** Names that `ip netns` gave (files of /run/netns). Empty where the folder is not there. */
export function readNamespaceNames(dir: string): string[] {
  try {
    return readdirSync(dir).sort()
  } catch {
    return []
  }
}
