import type { Settings } from '../protocol.ts'
import { MAX_TOPIC_NAMES, MAX_TOPIC_SERVERS } from './limits.ts'

/** Names of topics by their ids, as one server knows them. */
export interface ServerTopics {
  /** The name, where it is known. */
  name(id: string): string | undefined
  learn(id: string, name: string): void
}

/** Who says what of one id. */
interface Topic { readonly name: string, readonly bySaid: Map<string, string>, isDisputed: boolean }

/**
 * Names of topics by their ids, as Metadata answers tell them. Newer requests have only the ids, and mostly on other connections, to
 * other brokers, than the one that Metadata was asked on; ids are random, so all connections of a run share one table. Where two servers
 * say different names of one id (clusters that were copied, or one that lies), each is believed for its own connections only.
 */
export class TopicNames {
  readonly #topics = new Map<string, Topic>()

  /** What a server says, and what is read on its connections. `server`: its address and port. */
  of(server: string): ServerTopics {
    return { name: (id) => this.#name(id, server), learn: (id, name) => this.#learn(id, name, server) }
  }

  #name(id: string, server: string): string | undefined {
    const topic = this.#topics.get(id)
    return topic === undefined || !topic.isDisputed ? topic?.name : topic.bySaid.get(server)
  }

  /** The oldest makes room. */
  #learn(id: string, name: string, server: string): void {
    let topic = this.#topics.get(id)
    if (topic === undefined) {
      if (this.#topics.size >= MAX_TOPIC_NAMES) this.#topics.delete(this.#topics.keys().next().value!)
      this.#topics.set(id, topic = { name, bySaid: new Map(), isDisputed: false })
    }
    if (topic.name !== name) topic.isDisputed = true
    if (topic.bySaid.size < MAX_TOPIC_SERVERS || topic.bySaid.has(server)) topic.bySaid.set(server, name)
  }
}

const tables = new WeakMap<Settings, TopicNames>()

/** The table of a run: there is one for each object of settings. */
export function topicNamesOf(settings: Settings): TopicNames {
  let names = tables.get(settings)
  if (names === undefined) tables.set(settings, names = new TopicNames())
  return names
}
