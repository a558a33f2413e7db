import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SocketOwner } from '../../sys/socket-as.ts'
import { parseAddress } from '../../net/address.ts'
import { readWorld } from '../explain/read-world.ts'
import { addressText, isLoopback } from '../netfilter/address-range.ts'
import { findRoute, isLinkLocal } from '../netfilter/world.ts'
import type { World } from '../netfilter/world.ts'
import type { Plan } from '../plan/plan.ts'
import { tryConnection, tryDatagram } from './attempts.ts'
import type { Attempt, Target } from './attempts.ts'
import { openOutsidePeer } from './outside-peer.ts'
import { StandIn } from './stand-in.ts'

/** One promise that was tried with real packets. `point`: of the list in docs/init.md. */
export interface ProbeAnswer { readonly point: 'a' | 'b' | 'c' | 'd' | 'e' | 'f', readonly result: 'held' | 'failed' | 'not asked', readonly what: string, readonly found: string }

const TIMEOUT_MS = 1500
/** An answer of the network itself would be there by then; nobody has the addresses that are called. */
const SILENCE_MS = 400
const LINK_TRIES = 50
const LINK_WAIT_MS = 20
/** Discard (RFC 863): nobody serves it. */
const DEAD_PORT = 9
const QUIC_PORT = 443
const IDLE_PORT = 4242
/** For documentation (RFC 5737, RFC 3849): nobody has them. */
const NOWHERE = { 4: '192.0.2.1', 6: '2001:db8::1' } as const
const GREETING = '\r\n\r\n'
const MAX_PORTS = 64

/**
 * Sends packets as an app, as the proxy and from outside, and looks where they end. Where no proxy runs we stand in for it. Adds an interface to the namespace
 * while it runs; nothing but a blank line is ever said to an app. Throws 'not-permitted', 'no-such-namespace', 'child-failed'.
 */
export async function probeRules(plan: Plan, netns: string): Promise<ProbeAnswer[]> {
  const probe = new RuleProbe(plan, netns, await readWorld(netns))
  try {
    await probe.outbound()
    await probe.inbound()
    return probe.answers
  } finally {
    await probe.close()
  }
}

class RuleProbe {
  readonly answers: ProbeAnswer[] = []
  readonly #plan: Plan
  readonly #netns: string
  readonly #world: World
  readonly #token = `mtlscope ${randomBytes(8).toString('hex')}`
  readonly #standIn = new StandIn(this.#token)
  readonly #versions: readonly (4 | 6)[]
  readonly #app: SocketOwner
  readonly #proxy: SocketOwner

  constructor(plan: Plan, netns: string, world: World) {
    this.#plan = plan
    this.#netns = netns
    this.#world = world
    const { uids, gids } = plan.proxy
    let id = 65_534
    while (uids.includes(id) || gids.includes(id)) id--
    this.#app = { uid: id, gid: id }
    this.#proxy = { uid: uids[0] ?? id, gid: uids.length > 0 ? id : gids[0] ?? id }
    this.#versions = ([4, 6] as const).filter((version) => world.interfaces.some(({ addresses }) => addresses.some((address) => address.version === version && !isLoopback(address) && !(version === 6 && isLinkLocal(address)))))
  }

  close(): Promise<void> {
    return this.#standIn.close()
  }

  /** Whether somebody listens there, and so the proxy runs. */
  #isServed(port: number): boolean {
    return this.#world.listeners?.some((socket) => socket.protocol === 'tcp' && socket.port === port) === true
  }

  #add(point: ProbeAnswer['point'], result: boolean | undefined, what: string, found: string): void {
    this.answers.push({ point, result: result === undefined ? 'not asked' : result ? 'held' : 'failed', what, found })
  }

  /** An address that routes lead out to: one that nobody has, else one beside our own. */
  #outside(version: 4 | 6): string | undefined {
    const beside = this.#world.interfaces.flatMap((one) => one.addresses.filter((address) => address.version === version && !isLoopback(address) && !isLinkLocal(address)))
      .map((address) => addressText({ ...address, words: [address.words[0], address.words[1], address.words[2], (address.words[3] ^ 0x55) >>> 0] }))
    return [NOWHERE[version], ...beside].find((text) => findRoute(this.#world, parseAddress(text)!, 0).kind === 'out')
  }

  async outbound(): Promise<void> {
    const { outboundPort } = this.#plan.proxy
    const targets = this.#versions.flatMap((version) => {
      const address = this.#outside(version)
      return address === undefined ? [] : [{ address, port: DEAD_PORT, version }]
    })
    if (targets.length === 0) this.#add('a', undefined, 'what an app sends out', 'no route leads out of the namespace')
    if (outboundPort !== undefined) await this.#outboundTcp(targets, outboundPort)
    for (const target of targets) {
      const sent = await tryDatagram(this.#netns, this.#app, { ...target, port: QUIC_PORT })
      this.#add('e', sent !== 'sent', `HTTP/3 of an app (UDP port ${QUIC_PORT}), IPv${target.version}`, sent === 'sent' ? 'it leaves' : sent === 'refused' ? 'is refused' : 'cannot be sent')
    }
  }

  async #outboundTcp(targets: readonly Target[], outboundPort: number): Promise<void> {
    const isServed = this.#isServed(outboundPort)
    for (const target of targets) {
      const what = `an app that connects while the proxy does not run, IPv${target.version}`
      if (isServed) this.#add('f', undefined, what, `somebody listens on port ${outboundPort}`)
      else this.#fate('f', what, await tryConnection(this.#netns, this.#app, target, SILENCE_MS), 'refused')
    }
    if (!isServed) await this.#standIn.listen(this.#netns, this.#proxy, outboundPort, this.#versions, false)
    for (const target of targets) {
      const attempt = await tryConnection(this.#netns, this.#app, target, TIMEOUT_MS)
      const isOurs = isServed ? attempt.end === 'connected' : attempt.said.toString() === this.#token
      this.#add('a', isOurs, `what an app sends out, IPv${target.version}`, isOurs ? `arrives at port ${outboundPort}` : `it does not arrive at port ${outboundPort}: ${attemptText(attempt)}`)
    }
    if (this.#plan.proxy.uids.length + this.#plan.proxy.gids.length === 0) return
    for (const target of targets) {
      const attempt = await tryConnection(this.#netns, this.#proxy, target, SILENCE_MS)
      const isLed = isServed ? attempt.end === 'connected' : attempt.said.toString() === this.#token
      this.#add('b', !isLed, `what the proxy sends out, IPv${target.version}`, isLed ? 'it is led to itself' : 'is not led to itself')
    }
  }

  #fate(point: ProbeAnswer['point'], what: string, attempt: Attempt, wanted: Attempt['end']): void {
    this.#add(point, attempt.end === wanted, what, attempt.end === wanted ? 'is refused, nothing leaves' : `it is not refused: ${attemptText(attempt)}`)
  }

  async inbound(): Promise<void> {
    const { inboundPort, isTransparent } = this.#plan.proxy
    if (inboundPort === undefined) return
    const isServed = this.#isServed(inboundPort)
    if (!isServed) await this.#standIn.listen(this.#netns, this.#proxy, inboundPort, this.#versions, isTransparent)
    const peer = await openOutsidePeer(this.#netns, this.#versions.includes(6))
    try {
      for (const version of this.#versions) {
        await waitForLink(peer.netns, peer.addresses[version], version)
        for (const port of this.#ports()) await this.#called(peer.netns, { address: peer.addresses[version], port, version }, isServed)
        await this.#calledItself(peer.netns, { address: peer.addresses[version], port: inboundPort, version }, isServed)
      }
    } finally {
      await peer.close()
    }
  }

  /** What somebody serves for others, and one that nobody serves. */
  #ports(): number[] {
    const own = [this.#plan.proxy.inboundPort, this.#plan.proxy.outboundPort]
    const served = (this.#world.listeners ?? []).filter((socket) => socket.protocol === 'tcp' && !isLoopback(socket.address) && !own.includes(socket.port)).map(({ port }) => port)
    return [...new Set([...served.slice(0, MAX_PORTS), IDLE_PORT])]
  }

  async #called(netns: string, target: Target, isServed: boolean): Promise<void> {
    const attempt = await tryConnection(netns, { uid: 0, gid: 0 }, target, TIMEOUT_MS, GREETING)
    const what = `port ${target.port} called from outside, IPv${target.version}`
    if (!isServed) {
      const isOurs = attempt.said.toString() === this.#token
      this.#add('c', isOurs || attempt.end !== 'connected', what, isOurs ? `arrives at port ${this.#plan.proxy.inboundPort!}` : attempt.end === 'connected' ? 'reaches the app' : attemptText(attempt))
    } else this.#add('c', !isPlain(attempt), what, isPlain(attempt) ? `answers in the clear: ${JSON.stringify(attempt.said.toString('latin1', 0, 24))}` : attemptText(attempt))
  }

  async #calledItself(netns: string, target: Target, isServed: boolean): Promise<void> {
    const what = `the proxy's own port ${target.port} called from outside, IPv${target.version}`
    if (!isServed) return this.#add('d', undefined, what, 'no proxy runs')
    const attempt = await tryConnection(netns, { uid: 0, gid: 0 }, target, TIMEOUT_MS, GREETING)
    this.#add('d', attempt.end !== 'connected' || attempt.isClosed, what, attempt.end === 'connected' && !attempt.isClosed ? 'it stays open' : 'is closed')
  }
}

const TLS_ALERT = 21
const TLS_HANDSHAKE = 22

/** Something came, and it is no record of TLS (RFC 8446 §5.1). A proxy that closes says nothing. */
function isPlain({ said }: Attempt): boolean {
  return said.length > 0 && said[0] !== TLS_ALERT && said[0] !== TLS_HANDSHAKE
}

function attemptText({ end, said, isClosed }: Attempt): string {
  if (end === 'refused') return 'is refused'
  if (end === 'timeout') return 'no answer'
  if (end === 'unreachable') return 'cannot be reached'
  return said.length > 0 ? 'answers by TLS or a token' : isClosed ? 'is accepted, then closed' : 'is accepted, and nothing is said'
}

/** A link that was set up just now throws packets away until both ends know of it. */
async function waitForLink(netns: string, address: string, version: 4 | 6): Promise<void> {
  for (let i = 0; i < LINK_TRIES; i++) {
    const { end } = await tryConnection(netns, { uid: 0, gid: 0 }, { address, port: IDLE_PORT, version }, SILENCE_MS)
    if (end === 'connected' || end === 'refused') return
    await sleep(LINK_WAIT_MS)
  }
}
