import { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import { redactedValue } from '../http/json-value.ts'
import type { Settings } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { REDACTED, redactorOf } from '../redaction.ts'
import type { MessageLens, MessageLensView, MessageReader } from '../websocket/lens.ts'
import type { JsonObject } from './json-objects.ts'
import { parseJsonObjects } from './json-objects.ts'
import { MAX_ID_CHARS, MAX_OPERATION_CHARS, MAX_SUBSCRIPTIONS, WANTED_MESSAGE_BYTES } from './limits.ts'
import type { GraphqlRequests } from './request.ts'
import { parseJsonRequests } from './request.ts'
import type { GraphqlResponses } from './response.ts'
import { outcomeOf, parseJsonResponses } from './response.ts'
import { requestsText, requestsView, responsesView } from './view.ts'

// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md and, of old, https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md
const NEW = 'graphql-transport-ws'
const OLD = 'graphql-ws'
const ASKING: ReadonlySet<string> = new Set(['subscribe', 'start'])
const ANSWERING: ReadonlySet<string> = new Set(['next', 'data'])
const ENDING: ReadonlySet<string> = new Set(['complete', 'error', 'stop'])
const INIT = 'connection_init'
const REFUSED = 'connection_error'
const ENTRY_BYTES = 64

/** GraphQL over WebSocket: operations by their names, which the answers to them get too, and errors. */
export const graphqlMessageLens: MessageLens = {
  name: 'graphql',
  subprotocols: [NEW, OLD],
  wantedBytes: WANTED_MESSAGE_BYTES,
  open: (settings) => new GraphqlMessages(settings),
}

class GraphqlMessages implements MessageReader {
  readonly #redactor: Redactor
  readonly #showsValues: boolean
  /** By id, what runs: `subscription OnCart`. Redacted. */
  readonly #running = new Map<string, string>()
  #heldBytes = 0
  /** The client has not said who it is. */
  #isNew = true

  constructor(settings: Settings) {
    this.#redactor = redactorOf(settings.redaction)
    this.#showsValues = settings.bodyLimitBytes > 0
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  look(side: Side, text: string, isWhole: boolean): MessageLensView | undefined {
    const isFirst = this.#isNew && side === CLIENT
    if (isFirst) this.#isNew = false
    const object = parseJsonObjects(text)?.objects[0]
    const type = object?.value('type')
    // What a client says first may hold its token, whatever it looks like.
    if (object === undefined || typeof type !== 'string') return isFirst && this.#redactor.credentials ? hiddenView() : undefined
    const sentId = object.value('id')
    const id = typeof sentId === 'string' ? sentId.slice(0, MAX_ID_CHARS) : undefined
    return this.#view(type, id, object, isWhole && object.isWhole)
  }

  #view(type: string, id: string | undefined, object: JsonObject, isWhole: boolean): MessageLensView | undefined {
    const payload = object.jsonOf('payload')
    if (ASKING.has(type)) return payload === undefined ? undefined : this.#asked(type, id, parseJsonRequests(payload, isWhole, 'json'))
    const operation = id === undefined ? undefined : this.#running.get(id)
    if (ENDING.has(type) && id !== undefined) this.#forget(id)
    if (ANSWERING.has(type)) return this.#answered(type, id, operation, parseJsonResponses(payload ?? '{}', isWhole))
    if (type === 'error') return this.#answered(type, id, operation, parseJsonResponses(`{"errors":${payload?.startsWith('{') === true ? `[${payload}]` : payload ?? '[]'}}`, isWhole))
    return this.#other(type, id, operation, object)
  }

  #asked(type: string, id: string | undefined, asked: GraphqlRequests | undefined): MessageLensView | undefined {
    if (asked === undefined) return undefined
    const operation = this.#redactor.text(requestsText(asked))
    if (id !== undefined) this.#remember(id, operation)
    return {
      what: this.#line(type, id, operation), status: type, outcome: 'ok',
      notes: asked.isWhole ? [] : ['graphql: only the beginning of the message was read'],
      fields: () => ({ message: type, id: this.#shownId(id), ...requestsView(asked, this.#redactor, this.#showsValues) }),
      showsBody: this.#showsValues && asked.isWhole && !asked.requests.some(({ hasMore }) => hasMore),
    }
  }

  #answered(type: string, id: string | undefined, operation: string | undefined, answered: GraphqlResponses | undefined): MessageLensView | undefined {
    const response = answered?.responses[0]
    if (answered === undefined || response === undefined) return undefined
    const failed = type === 'error' || response.hasFailed
    const { errors, moreErrors } = response
    const notes = answered.isWhole ? [] : ['graphql: only the beginning of the message was read']
    if (!failed && errors.length > 0) notes.push(`graphql: partial data, ${errors.length + moreErrors} ${errors.length + moreErrors === 1 ? 'error' : 'errors'}`)
    return {
      what: this.#line(type, id, operation, failed ? errors[0]?.message : undefined),
      status: failed ? errors.find(({ code }) => code !== undefined)?.code ?? 'error' : type,
      outcome: failed ? outcomeOf(response, undefined) : 'ok', notes,
      fields: () => ({ message: type, id: this.#shownId(id), operation, ...responsesView(answered, this.#redactor, this.#showsValues) }),
      showsBody: this.#showsValues && answered.isWhole && !response.hasMore,
    }
  }

  #other(type: string, id: string | undefined, operation: string | undefined, object: JsonObject): MessageLensView {
    const isInit = type === INIT
    return {
      what: this.#line(type, id, operation), status: this.#redactor.text(type.slice(0, MAX_ID_CHARS)), outcome: type === REFUSED ? 'client-error' : 'ok', notes: [],
      fields: () => ({ message: this.#redactor.text(type), id: this.#shownId(id), operation, payload: this.#payload(object.value('payload'), isInit) }),
      showsBody: isInit && this.#redactor.credentials,
    }
  }

  #payload(payload: unknown, isInit: boolean): unknown {
    if (payload === undefined || !this.#showsValues) return undefined
    return isInit && this.#redactor.credentials ? withoutValues(payload) : redactedValue(payload, this.#redactor)
  }

  /** `next subscription OnCart: no such cart`; the id where it is not known what runs under it. */
  #line(type: string, id: string | undefined, operation: string | undefined, error?: string): string {
    const whose = operation ?? this.#shownId(id)
    return `${this.#redactor.text(type.slice(0, MAX_ID_CHARS))}${whose === undefined ? '' : ` ${whose}`}${error === undefined ? '' : `: ${this.#redactor.text(error)}`}`
  }

  #shownId(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.#redactor.text(id)
  }

  #remember(id: string, operation: string): void {
    this.#forget(id)
    if (this.#running.size >= MAX_SUBSCRIPTIONS) this.#forget(this.#running.keys().next().value!)
    const kept = copied(operation.slice(0, MAX_OPERATION_CHARS))
    this.#running.set(copied(id), kept)
    this.#heldBytes += sizeOf(id, kept)
  }

  #forget(id: string): void {
    const operation = this.#running.get(id)
    if (operation === undefined) return
    this.#running.delete(id)
    this.#heldBytes -= sizeOf(id, operation)
  }
}

/** A part of a text keeps all of it in memory. */
function copied(text: string): string {
  return Buffer.from(text).toString()
}

function sizeOf(id: string, operation: string): number {
  return ENTRY_BYTES + 2 * (id.length + operation.length)
}

/** Names only: the values say who somebody is. */
function withoutValues(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null) return REDACTED
  return Object.fromEntries(Object.keys(payload).map((name) => [name, REDACTED]))
}

function hiddenView(): MessageLensView {
  return { what: 'not of GraphQL', status: 'text', outcome: 'ok', notes: ['not shown: what a client says first may hold its token'], fields: () => ({}), showsBody: true }
}
