import { tmpdir } from 'node:os'
import { plural } from '../base/text.ts'
import { removeAbandoned } from '../hub/store-folder.ts'
import type { Check } from '../sys/check.ts'
import { ok } from '../sys/check.ts'

/** What viewers that were killed left in the temporary folder is deleted: it holds other people's data. */
export function checkStores(): Check {
  const removed = removeAbandoned()
  const found = removed.length === 0 ? `nothing left behind in ${tmpdir()}` : `removed ${plural(removed.length, 'folder')} that killed runs left behind: ${removed.join(', ')}`
  return ok({ name: 'stores', group: 'optional', purpose: 'tap --ui, view', found })
}
