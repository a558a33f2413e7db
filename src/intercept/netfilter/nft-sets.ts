import { isObject } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import { MAX_SET_ELEMENTS } from './limits.ts'

/** Sets by family, table and name. */
export class NftSets {
  readonly #elements = new Map<string, readonly unknown[]>()

  add(set: JsonObject): void {
    // What is put in by the packets themselves, or leaves with time, is another thing when the packet comes.
    const flags = Array.isArray(set.flags) ? set.flags.map(String) : []
    if (flags.includes('dynamic') || flags.includes('timeout') || 'timeout' in set) return
    const elements: unknown[] = Array.isArray(set.elem) ? set.elem : []
    if (elements.length <= MAX_SET_ELEMENTS) this.#elements.set(key(set.family, set.table, set.name), elements.map(bare))
  }

  /** Undefined for a set that is not known, or whose elements change. */
  find(family: string, table: string, name: string): readonly unknown[] | undefined {
    return this.#elements.get(key(family, table, name))
  }
}

/** An element with a comment or a counter is `{"elem": {"val": …, "comment": …}}`. */
function bare(element: unknown): unknown {
  return isObject(element) && isObject(element.elem) ? element.elem.val : element
}

function key(family: unknown, table: unknown, name: unknown): string {
  return `${String(family)} ${String(table)} ${String(name)}`
}
