import type { KeepInfo, NodeHealth } from '../../model/api.ts'
import type { Health } from '../../model/health.ts'
import { addHealth, emptyHealth } from '../../model/health.ts'
import type { Micros } from '../../model/time.ts'
import type { Identity } from '../../identity/material.ts'
import type { AgentHello, AgentState, StorePart } from './agent-api.ts'
import { AGENT_PREFIX } from './agent-api.ts'
import type { LinkEvents } from './agent-link.ts'
import { AgentLink, AgentRefusal } from './agent-link.ts'
import { ANY } from './agent-shapes.ts'
import type { PartSet } from './cluster-store.ts'
import { MAX_SLOTS, chooseSlot } from './message-id.ts'

/** Whoever follows is told so often at most. */
const TELL_MS = 100
/** A node whose agent is not even looked for any more is named so long. */
const GONE_MICROS = 600e6
/** Clocks that differ by more are told: the order of the list is that of their times. */
const CLOCK_MICROS = 1_000_000
/** Namespaces of all nodes that health names. */
const MAX_NAMESPACES = 1000

interface Member {
  readonly link: AgentLink
  isPresent: boolean
  sinceMicros: Micros
  why: string
  hello?: AgentHello
  decidedTo?: number
  health?: Health
  keep?: KeepInfo
  droppedLines: number
  /** Its clock less ours. */
  aheadMicros: number
  messages: { readonly atMs: number, readonly count: number, readonly packets: number }[]
}

export interface FleetOptions {
  readonly agentId: string
  identity(): Identity
  /** Something of an agent, for the log. */
  say(text: string): void
}

/** The agents of a cluster, as they come, go, and come back. */
export class AgentFleet implements PartSet {
  readonly progress = new Map<number, number>()
  readonly #options: FleetOptions
  readonly #members = new Map<string, Member>()
  /** Node → since when nobody is looked for there. */
  readonly #gone = new Map<string, Micros>()
  /** Slot → the store that has it, for as long as this hub runs. */
  readonly #slots = new Map<number, number>()
  readonly #listeners = new Set<(membersChanged: boolean) => void>()
  #present: readonly AgentLink[] = []
  #telling: NodeJS.Timeout | undefined

  constructor(options: FleetOptions) {
    this.#options = options
  }

  get present(): readonly AgentLink[] {
    return this.#present
  }

  get addresses(): readonly string[] {
    return [...this.#members.keys()]
  }

  /** Looks for an agent there from now on. @param node its name, where that is known before it answers */
  follow(address: string, node?: string): void {
    if (this.#members.has(address)) return
    const events: LinkEvents = { hello: (link, hello) => this.#greet(link, hello), state: (link, state) => this.#take(link, state), down: (link, why) => this.#down(link, why) }
    const link = new AgentLink({ address, agentId: this.#options.agentId, identity: () => this.#options.identity() }, events)
    if (node !== undefined) link.node = node
    this.#members.set(address, { link, isPresent: false, sinceMicros: nowMicros(), why: 'it has not answered yet', droppedLines: 0, aheadMicros: 0, messages: [] })
  }

  forget(address: string): void {
    const member = this.#members.get(address)
    if (member === undefined) return
    this.#members.delete(address)
    member.link.close()
    this.#gone.set(member.link.node, nowMicros())
    if (member.isPresent) this.#membersChanged()
  }

  /** Gives the store its slot, the one that it had where that is free. */
  async #greet(link: AgentLink, hello: AgentHello): Promise<void> {
    const member = this.#members.get(link.address)
    if (member === undefined) return
    const isFree = (slot: number | undefined): boolean => slot !== undefined && slot > 0 && slot < MAX_SLOTS && (this.#slots.get(slot) ?? hello.store) === hello.store
    const known = [...this.#slots].find(([, store]) => store === hello.store)?.[0]
    const slot = known ?? (isFree(hello.slot) ? hello.slot : chooseSlot(hello.store, (taken) => this.#slots.has(taken)))
    if (slot === undefined) throw new Error(`there are ${MAX_SLOTS - 1} agents already, as many as one hub follows`)
    this.#slots.set(slot, hello.store)
    if (slot !== hello.slot) await link.ask('POST', `${AGENT_PREFIX}/slot`, { slot }, ANY)
    link.slot = slot
    link.crossings = hello.crossings === true
    link.node = hello.node.slice(0, 253)
    member.hello = hello
    this.#supersede(member, hello)
  }

  /** A store that is found at another address is gone from the old one. */
  #supersede(member: Member, { store }: AgentHello): void {
    for (const other of this.#members.values()) {
      if (other === member || other.hello?.store !== store || !other.isPresent) continue
      other.isPresent = false
      other.why = 'its store is at another address now'
    }
  }

  #take(link: AgentLink, state: AgentState): void {
    const member = this.#members.get(link.address)
    if (member === undefined) return
    const before = this.progress.get(link.slot)
    this.progress.set(link.slot, Math.max(before ?? 0, state.lastId))
    member.aheadMicros = state.nowMicros - nowMicros()
    if (state.health !== undefined) member.health = state.health
    if (state.keep !== undefined) member.keep = state.keep
    if (state.droppedLines !== undefined) member.droppedLines = state.droppedLines
    this.#noteRate(member, state.lastId)
    if (!member.isPresent) {
      member.isPresent = true
      member.sinceMicros = nowMicros()
      this.#gone.delete(link.node)
      this.#options.say(`node ${link.node} answers at ${link.address}`)
      this.#membersChanged()
    } else if (state.lastId !== before || state.decidedTo !== member.decidedTo) this.#tellSoon()
    if (state.decidedTo !== undefined) member.decidedTo = state.decidedTo
  }

  #noteRate(member: Member, lastId: number): void {
    const atMs = performance.now()
    member.messages = [...member.messages.filter((look) => atMs - look.atMs < 5000), { atMs, count: lastId, packets: member.health?.packets ?? 0 }]
  }

  #down(link: AgentLink, why: string): void {
    const member = this.#members.get(link.address)
    if (member === undefined) return
    const wasPresent = member.isPresent
    if (wasPresent || member.why !== why) this.#options.say(`node ${link.node} is missing: ${why} (${link.address})`)
    if (wasPresent) member.sinceMicros = nowMicros()
    member.isPresent = false
    member.why = why
    member.messages = []
    if (wasPresent) this.#membersChanged()
  }

  /** From a call that failed. What it refused, it answered. */
  lost(part: StorePart, error: Error): void {
    if (error instanceof AgentRefusal && error.status < 500) return
    for (const { link } of this.#members.values()) if (link === part) link.giveUp(error.message)
  }

  #membersChanged(): void {
    this.#present = [...this.#members.values()].filter((member) => member.isPresent).map((member) => member.link).sort((a, b) => a.slot - b.slot)
    for (const tell of this.#listeners) tell(true)
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      for (const tell of this.#listeners) tell(false)
    }, TELL_MS)
  }

  onChange(tell: (membersChanged: boolean) => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  /** The agent of a slot, present or not. */
  ofSlot(slot: number): { readonly link: AgentLink, readonly isPresent: boolean } | undefined {
    return [...this.#members.values()].find((member) => member.link.slot === slot)
  }

  /** Missing ones first. */
  nodes(): NodeHealth[] {
    const now = nowMicros()
    for (const [node, sinceMicros] of this.#gone) if (now - sinceMicros > GONE_MICROS) this.#gone.delete(node)
    const members = [...this.#members.values()]
    const known = new Set(members.map(({ link }) => link.node))
    const gone = [...this.#gone].filter(([node]) => !known.has(node)).map(([name, sinceMicros]): NodeHealth => ({ name, state: 'missing', why: 'it has no agent any more', sinceMicros }))
    const list = members.map((member): NodeHealth => {
      const { link, isPresent, why, sinceMicros } = member
      return isPresent ? { name: link.node, state: 'answers', sinceMicros, ...ratesOf(member), ...this.#clockText(member) } : { name: link.node, state: 'missing', why, sinceMicros }
    })
    return [...gone, ...list].sort((a, b) => (a.state === b.state ? a.name.localeCompare(b.name) : a.state === 'missing' ? -1 : 1))
  }

  #clockText({ aheadMicros }: Member): { why?: string } {
    if (Math.abs(aheadMicros) < CLOCK_MICROS) return {}
    return { why: `its clock is ${(Math.abs(aheadMicros) / 1e6).toFixed(1)} s ${aheadMicros > 0 ? 'ahead of' : 'behind'} ours` }
  }

  /** Of all agents together, what they last said. */
  health(): Health {
    const total = emptyHealth()
    for (const { link, health } of this.#members.values()) {
      if (health === undefined) continue
      const named = (name: string): string => name === '' ? link.node : name
      addHealth(total, { ...health, namespaces: health.namespaces.map((one) => ({ ...one, name: named(one.name) })), refused: health.refused.map(({ name, why }) => ({ name: `${link.node}: ${name}`, why })) })
    }
    total.namespaces = total.namespaces.sort((a, b) => b.packets - a.packets).slice(0, MAX_NAMESPACES)
    total.refused = total.refused.slice(0, MAX_NAMESPACES)
    return total
  }

  get droppedLines(): number {
    return [...this.#members.values()].reduce((sum, member) => sum + member.droppedLines, 0)
  }

  hellos(): readonly AgentHello[] {
    return [...this.#members.values()].flatMap((member) => member.isPresent && member.hello !== undefined ? [member.hello] : [])
  }

  close(): Promise<void> {
    clearTimeout(this.#telling)
    this.#listeners.clear()
    for (const { link } of this.#members.values()) link.close()
    this.#members.clear()
    this.#present = []
    return Promise.resolve()
  }
}

function ratesOf({ messages }: Member): { messages: number, packetsPerSecond: number } {
  const [first, last] = [messages[0], messages.at(-1)]
  const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000
  return { messages: last?.count ?? 0, packetsPerSecond: seconds < 0.5 ? 0 : Math.max(0, Math.round((last!.packets - first!.packets) / seconds)) }
}

function nowMicros(): Micros {
  return Date.now() * 1000
}
