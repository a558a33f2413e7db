import type { TestContext } from 'node:test'

const required = new Set((process.env.MTLSCOPE_REQUIRE ?? '').split(',').map((s) => s.trim()).filter(Boolean))

/**
 * Says whether a test may go on. When `condition` does not hold it skips, naming what is missing;
 * where MTLSCOPE_REQUIRE lists `group` (or `all`) it fails instead, so that a skip cannot hide on CI.
 */
export function need(t: TestContext, group: string, condition: unknown, missing: string): boolean {
  if (condition) return true
  if (required.has(group) || required.has('all')) throw new Error(`${group} is required, but missing: ${missing}`)
  t.skip(`missing: ${missing}`)
  return false
}
