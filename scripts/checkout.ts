import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Root of the checkout that this script lies in, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** Paths from the root, sorted. */
export function filesOf(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: ROOT }).sort()
}

/** A program that an npm package of ours brings. */
export function packaged(name: string): string {
  return `${ROOT}node_modules/.bin/${name}`
}
