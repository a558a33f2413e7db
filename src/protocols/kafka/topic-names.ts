import type { Settings } from '../protocol.ts'
import { MAX_TOPIC_NAMES } from './limits.ts'

/**
 * Names of topics by their ids, as Metadata answers tell them. Newer requests have only the ids, and mostly on other connections
 * than the one that Metadata was asked on; ids are unique all over the world, so all connections of a run share one table.
 */
export class TopicNames {
  readonly #names = new Map<string, string>()

  /** The name, where it is known. */
  of(id: string): string | undefined {
    return this.#names.get(id)
  }

  /** The oldest makes room. */
  learn(id: string, name: string): void {
    if (this.#names.has(id)) return
    if (this.#names.size >= MAX_TOPIC_NAMES) this.#names.delete(this.#names.keys().next().value!)
    this.#names.set(id, name)
  }
}

const tables = new WeakMap<Settings, TopicNames>()

/** The table of a run: there is one for each object of settings. */
export function topicNamesOf(settings: Settings): TopicNames {
  let names = tables.get(settings)
  if (names === undefined) tables.set(settings, names = new TopicNames())
  return names
}
