import type { NodeHealth, PacketList } from '../../model/api.ts'
import { API_PREFIX } from '../../model/api.ts'
import { checkFilter } from '../../store/filter/filter.ts'
import { FilterError } from '../../store/store.ts'
import type { ClusterSide } from '../cluster-side.ts'
import { ApiProblem, badRequest, notFound } from '../problem.ts'
import type { Query } from '../query.ts'
import type { AgentFleet } from './agent-fleet.ts'
import type { AgentLink } from './agent-link.ts'
import { AgentRefusal } from './agent-link.ts'
import { ANY, PACKETS } from './agent-shapes.ts'
import { ownId, slotOf } from './message-id.ts'

/** Of one export; an agent takes as many. */
const MAX_IDS = 10_000

/** What an agent does itself: packets are where they were captured, and a request is sent again from there. */
export class AgentActions implements ClusterSide {
  readonly #fleet: AgentFleet

  constructor(fleet: AgentFleet) {
    this.#fleet = fleet
  }

  nodes(): readonly NodeHealth[] {
    return this.#fleet.nodes()
  }

  get droppedLines(): number {
    return this.#fleet.droppedLines
  }

  get redaction(): readonly string[] {
    return [...new Set(this.#fleet.hellos().flatMap((hello) => hello.redaction))]
  }

  get hasPackets(): boolean {
    return this.#fleet.hellos().some((hello) => hello.packets)
  }

  get replay(): boolean {
    return this.#fleet.hellos().some((hello) => hello.replay)
  }

  missingNodeOf(id: number): string | undefined {
    const member = this.#fleet.ofSlot(slotOf(id))
    return member === undefined || member.isPresent ? undefined : member.link.node
  }

  async packets(id: number, limit: number): Promise<PacketList> {
    return await this.#ask(id, (link) => link.ask('GET', `${API_PREFIX}/messages/${ownId(id)}/packets?limit=${limit}`, undefined, PACKETS))
  }

  async sendReplay(path: '/replay/confirm' | '/replay', body: unknown): Promise<unknown> {
    const id = (body as { message?: unknown } | null)?.message
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw badRequest('the body is no replay request')
    return await this.#ask(id, (link) => link.ask('POST', `${API_PREFIX}${path}`, { ...(body as object), message: ownId(id) }, ANY))
  }

  /** What the agent refuses is refused, in its words. */
  async #ask<T>(id: number, ask: (link: AgentLink) => Promise<T>): Promise<T> {
    const link = this.#fleet.present.find(({ slot }) => slot === slotOf(id))
    if (link === undefined) throw this.#nobody(id)
    try {
      return await ask(link)
    } catch (error) {
      if (error instanceof AgentRefusal) throw new ApiProblem(error.status, error.status === 404 ? 'not-found' : error.status === 403 ? 'forbidden' : 'bad-request', `node ${link.node}: ${error.message}`)
      throw new ApiProblem(503, 'agent-missing', `node ${link.node}: ${(error as Error).message}`)
    }
  }

  #nobody(id: number): ApiProblem {
    const node = this.missingNodeOf(id)
    return node === undefined ? notFound(`no agent has message ${id}`) : new ApiProblem(503, 'agent-missing', `node ${node}, which has message ${id}, does not answer`, 'GET /api/v1/health says since when')
  }

  packetFile(query: Query): AsyncIterable<Uint8Array> {
    const check = checkFilter(query.q ?? '')
    if (!check.ok) throw new FilterError(check.problem)
    const parts = query.ids === undefined ? this.#fleet.present.map((link) => ({ link, query })) : this.#ofIds(query.ids)
    return sections(parts)
  }

  #ofIds(text: string): { link: AgentLink, query: Query }[] {
    const ids = text.split(',').map(Number)
    if (ids.length > MAX_IDS || ids.some((id) => !Number.isSafeInteger(id))) throw badRequest(`ids are numbers, at most ${MAX_IDS}`)
    return this.#fleet.present.flatMap((link) => {
      const own = ids.filter((id) => slotOf(id) === link.slot).map(ownId)
      return own.length === 0 ? [] : [{ link, query: { ids: own.join(',') } }]
    })
  }
}

/** One after another: a pcapng may have any number of sections. One that fails ends its section. */
async function* sections(parts: readonly { readonly link: AgentLink, readonly query: Query }[]): AsyncIterable<Uint8Array> {
  for (const { link, query } of parts) {
    const search = new URLSearchParams(Object.entries({ ...query, format: 'pcapng' }).filter((entry): entry is [string, string] => entry[1] !== undefined))
    try {
      yield* await link.open(`${API_PREFIX}/export?${search}`) as AsyncIterable<Uint8Array>
    } catch (error) {
      if (!(error instanceof AgentRefusal)) link.giveUp((error as Error).message)
    }
  }
}
