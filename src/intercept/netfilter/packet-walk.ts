import type { Address } from '../../net/address.ts'
import { addressText, isLoopback, sameAddress } from './address-range.ts'
import { ChainWalk } from './chain-walk.ts'
import type { Guesses, Verdict } from './chain-walk.ts'
import { MAX_UNKNOWN_RULES } from './limits.ts'
import type { BaseChain, HookStep, Netfilter } from './netfilter.ts'
import type { Outcome, Walk } from './outcome.ts'
import type { Packet } from './packet.ts'
import { Passage } from './passage.ts'
import { hasPorts, protocolName } from './protocol-number.ts'
import type { Hook, Rule } from './ruleset.ts'
import { Trace } from './trace.ts'
import { findListener, findTransparent } from './tproxy-listener.ts'
import { findRoute, isLocal, loopback, sourceOf } from './world.ts'
import type { Socket, Way, World } from './world.ts'

const CONNTRACK_PRIORITY = -200

/**
 * Where a packet ends. Rules of which it is not known whether they match are tried both ways; where the ways end alike that is the answer,
 * else it is unknown because of the first of them. With `traced` every rule that was met is in the answer, of the way where they do not match.
 */
export function walkPacket(netfilter: Netfilter, world: World, packet: Packet, traced = false): Walk {
  const first = tryWay(netfilter, world, packet, [], traced)
  if (!first.undecided) return first.walk
  const ways = [false, true].map((answer) => tryWays(netfilter, world, packet, [answer]))
  const steps = first.walk.steps + ways.reduce((sum, way) => sum + way.steps, 0)
  const [no, yes] = ways.map((way) => way.outcome)
  const outcome = no !== undefined && yes !== undefined && sameEnd(no, yes) ? no : first.walk.outcome
  return { ...first.walk, outcome, steps }
}

interface Attempt { readonly outcome: Outcome | undefined, readonly steps: number }

/** Undefined: the ways end differently, or there are too many. */
function tryWays(netfilter: Netfilter, world: World, packet: Packet, answers: readonly boolean[]): Attempt {
  const one = tryWay(netfilter, world, packet, answers, false)
  if (!one.undecided) return { outcome: one.walk.outcome, steps: one.walk.steps }
  if (answers.length >= MAX_UNKNOWN_RULES) return { outcome: undefined, steps: one.walk.steps }
  const no = tryWays(netfilter, world, packet, [...answers, false])
  const yes = no.outcome === undefined ? no : tryWays(netfilter, world, packet, [...answers, true])
  const same = no.outcome !== undefined && yes.outcome !== undefined && sameEnd(no.outcome, yes.outcome)
  return { outcome: same ? no.outcome : undefined, steps: one.walk.steps + no.steps + yes.steps }
}

function sameEnd(a: Outcome, b: Outcome): boolean {
  if (a.kind === 'arrives' && b.kind === 'arrives') return a.how === b.how && a.port === b.port && sameAddress(a.address, b.address)
  if (a.kind === 'leaves' && b.kind === 'leaves') return a.interface === b.interface && a.port === b.port && sameAddress(a.address, b.address)
  return a.kind === b.kind && a.kind !== 'unknown'
}

function tryWay(netfilter: Netfilter, world: World, packet: Packet, answers: readonly boolean[], traced: boolean): { walk: Walk, undecided: boolean } {
  const walker = new PacketWalk(netfilter, world, packet, { answers, met: 0 }, traced ? new Trace() : undefined)
  const outcome = walker.run()
  return { walk: { outcome, trace: walker.trace?.entries ?? [], untraced: walker.trace?.untraced ?? 0, steps: walker.steps }, undecided: walker.undecided }
}

class PacketWalk {
  readonly #netfilter: Netfilter
  readonly #world: World
  readonly #packet: Packet
  readonly #guesses: Guesses
  readonly trace: Trace | undefined
  readonly #at: Passage
  #way: Way | undefined
  #wayTo: Address | undefined
  #wayMark = 0
  steps = 0
  undecided = false

  constructor(netfilter: Netfilter, world: World, packet: Packet, guesses: Guesses, trace: Trace | undefined) {
    this.#netfilter = netfilter
    this.#world = world
    this.#packet = packet
    this.#guesses = guesses
    this.trace = trace
    this.#at = new Passage(packet, world, packet.source ?? { version: packet.version, words: [0, 0, 0, 0] })
  }

  run(): Outcome {
    return this.#packet.direction === 'out' ? this.#send() : this.#receive(this.#packet.interface ?? 'eth0')
  }

  #send(): Outcome {
    const at = this.#at
    const way = this.#route()
    if (way.kind === 'none') return unsendable(`no route to ${addressText(at.destination)}`)
    if (way.kind === 'unknown') return unknown(undefined, way.why)
    if (this.#packet.source === undefined) at.source = way.source ?? (way.kind === 'local' ? loopback(at.version) : at.source)
    else if (!isLocal(this.#world, at.source)) return unsendable(`${addressText(at.source)} is no own address, which only a transparent socket may send from`)
    at.outInterface = way.kind === 'local' ? 'lo' : way.interface
    if (this.#mayNotLeave()) return unsendable(`the kernel lets nothing out by ${at.outInterface} from ${addressText(at.source)}`)
    const ended = this.#hook('output')
    return ended ?? this.#goOut()
  }

  /** The last answer holds as long as destination and mark do. */
  #route(): Way {
    const { destination, mark } = this.#at
    if (this.#way === undefined || this.#wayTo !== destination || this.#wayMark !== mark) this.#way = findRoute(this.#world, destination, mark)
    this.#wayTo = destination
    this.#wayMark = mark
    return this.#way
  }

  /** IPv4: the loopback's addresses stay inside, but where route_localnet says otherwise. */
  #mayNotLeave(): boolean {
    const { outInterface, version, source } = this.#at
    return outInterface !== 'lo' && version === 4 && isLoopback(source) && !this.#world.routeLocalnet.includes(outInterface)
  }

  /** After OUTPUT the packet is routed once more where its destination or mark is another: `-o` of OUTPUT still saw the first answer. */
  #goOut(): Outcome {
    const at = this.#at
    const way = this.#route()
    if (way.kind === 'unknown') return unknown(at.natRule, way.why)
    if (way.kind === 'none') return { kind: 'dropped', by: at.natRule, why: `no route to ${addressText(at.destination)}` }
    at.outInterface = way.kind === 'local' ? 'lo' : way.interface
    if (this.#mayNotLeave() || at.version === 6 && at.outInterface !== 'lo' && isLoopback(at.source)) return { kind: 'dropped', by: at.natRule, why: `nothing goes out by ${at.outInterface} from ${addressText(at.source)}` }
    const ended = this.#hook('postrouting')
    if (ended !== undefined) return ended
    if (at.outInterface !== 'lo') return { kind: 'leaves', interface: at.outInterface, address: at.destination, port: this.#port(), by: at.natRule }
    // The loopback takes the socket from the packet, and leaves its mark and its conntrack entry.
    at.hasSocket = false
    return this.#receive('lo')
  }

  #receive(name: string): Outcome {
    const at = this.#at
    at.inInterface = name
    at.outInterface = ''
    const refused = name === 'lo' ? undefined : martian6(at)
    if (refused !== undefined) return { kind: 'dropped', by: undefined, why: refused }
    const ended = this.#hook('prerouting') ?? this.#refuseMartian()
    if (ended !== undefined) return ended
    const way = this.#route()
    if (way.kind === 'unknown') return unknown(undefined, way.why)
    if (way.kind !== 'local') return this.#forward()
    return this.#hook('input') ?? this.#deliver()
  }

  #refuseMartian(): Outcome | undefined {
    const at = this.#at
    if (at.inInterface === 'lo' || at.version === 6) return undefined
    const drop = (why: string): Outcome => ({ kind: 'dropped', by: at.natRule, why })
    const isOpen = this.#world.routeLocalnet.includes(at.inInterface)
    if (isLoopback(at.destination) && !isOpen) return drop(`${addressText(at.destination)} may not come from ${at.inInterface} (route_localnet is 0)`)
    if (isLoopback(at.source)) return isOpen ? unknown(at.natRule, `route_localnet of ${at.inInterface} lets some in that come from ${addressText(at.source)}`) : drop(`${addressText(at.source)} may not come from ${at.inInterface}`)
    return isLocal(this.#world, at.source) ? drop(`${addressText(at.source)} is an own address and may not come from ${at.inInterface}`) : undefined
  }

  #forward(): Outcome {
    const at = this.#at
    if (!this.#world.forwards) return { kind: 'dropped', by: at.natRule, why: `${addressText(at.destination)} is no own address, and nothing is forwarded` }
    return unknown(at.natRule, 'it is forwarded, which is not modelled')
  }

  #deliver(): Outcome {
    const at = this.#at
    const tproxy = at.tproxy
    const address = tproxy === undefined ? at.destination : tproxy.address?.low ?? sourceOf(this.#world, at.inInterface, at.destination) ?? at.destination
    return {
      kind: 'arrives', how: tproxy === undefined ? at.natKind ?? 'direct' : 'tproxy', address, port: tproxy?.port ?? this.#port(),
      localAddress: at.destination, localPort: this.#port(), originalAddress: this.#packet.destination, originalPort: this.#packet.destinationPort,
      listener: tproxy === undefined ? this.#listener() : findTransparent(at, tproxy), by: tproxy === undefined ? at.natRule : at.tproxyRule,
    }
  }

  #listener(): Socket | 'none' | 'unknown' {
    const at = this.#at
    return this.#world.listeners === undefined || !hasPorts(at.protocol) ? 'unknown' : findListener(this.#world, protocolName(at.protocol), at.destination, at.destinationPort)
  }

  #port(): number | undefined {
    return hasPorts(this.#at.protocol) ? this.#at.destinationPort : undefined
  }

  /** The outcome where the packet ends in this hook. */
  #hook(hook: Hook): Outcome | undefined {
    const steps = this.#netfilter.steps(this.#at.version, hook)
    if (this.trace !== undefined) this.trace.hook(this.#place(hook))
    let natMet = false
    for (const step of steps) {
      this.#track(hook, step.priority)
      natMet ||= step.isNat
      const ended = step.isNat ? this.#nat(step, hook) : this.#filter(step, hook)
      if (ended !== undefined) return ended
    }
    this.#track(hook, Infinity)
    if (!natMet || this.#isTranslating(hook)) this.#finishNat(hook)
    return undefined
  }

  #place(hook: Hook): string {
    const at = this.#at
    const by = hook === 'output' || hook === 'postrouting' ? `out by ${at.outInterface}` : `in by ${at.inInterface}`
    return `${hook}, ${by}`
  }

  #track(hook: Hook, priority: number): void {
    if (priority > CONNTRACK_PRIORITY && (hook === 'output' || hook === 'prerouting')) this.#at.tracked = true
  }

  #isTranslating(hook: Hook): boolean {
    return hook === 'output' || hook === 'prerouting' ? !this.#at.destinationDone : !this.#at.sourceDone
  }

  /** Once a hook of NAT was passed its answer stands, be it that nothing is rewritten. */
  #finishNat(hook: Hook): void {
    if (!this.#netfilter.hasNat(this.#at.version) || this.#at.untracked) return
    if (hook === 'output' || hook === 'prerouting') this.#at.destinationDone = true
    else this.#at.sourceDone = true
  }

  #filter(step: HookStep, hook: Hook): Outcome | undefined {
    const at = this.#at
    const before = step.chains.length > 1 ? changeable(at) : ''
    const markBefore = at.mark
    for (const chain of step.chains) {
      const ended = this.#ended(chain, this.#run(chain))
      if (ended !== undefined) return ended
    }
    if (step.chains.length > 1 && before !== changeable(at)) {
      return unknown(step.chains[0]!.rules[0], `${step.chains.map(chainTitle).join(' and ')} have the same priority, and one of them changes the packet`)
    }
    return hook === 'output' && at.mark !== markBefore && step.chains.some((chain) => chain.base.type === 'route') ? this.#reroute() : undefined
  }

  /** A mark that was set in the mangle OUTPUT may lead elsewhere. */
  #reroute(): Outcome | undefined {
    const at = this.#at
    const way = findRoute(this.#world, at.destination, at.mark)
    if (way.kind === 'unknown') return unknown(undefined, way.why)
    if (way.kind === 'none') return { kind: 'dropped', by: undefined, why: `no route to ${addressText(at.destination)} with that mark` }
    return undefined
  }

  #nat(step: HookStep, hook: Hook): Outcome | undefined {
    const at = this.#at
    if (at.untracked || at.state === 'invalid') return void this.trace?.note('nat is not asked: the packet is not tracked')
    if (at.state !== 'new' && at.state !== 'related') return void this.trace?.note('nat is not asked: the first packet of the connection decided')
    if (!this.#isTranslating(hook)) return void this.trace?.note(hook === 'prerouting' ? 'nat is not asked again: OUTPUT has answered for this connection' : 'nat is not asked again')
    if (step.chains.length > 1) return this.#rivals(step, hook)
    return this.#natChain(step.chains[0]!, hook)
  }

  #natChain(chain: BaseChain, hook: Hook): Outcome | undefined {
    const walk = this.#run(chain)
    if (walk.verdict === 'translated') this.#finishNat(hook)
    return this.#ended(chain, walk)
  }

  /** Which of them comes first depends on which was made last: where more than one would translate, that is not known. */
  #rivals(step: HookStep, hook: Hook): Outcome | undefined {
    const at = this.#at
    const untouched = { destination: at.destination, destinationPort: at.destinationPort, natKind: at.natKind, natRule: at.natRule, source: at.source }
    const winners: typeof untouched[] = []
    for (const chain of step.chains) {
      const walk = this.#run(chain)
      const ended = this.#ended(chain, walk)
      if (ended !== undefined) return ended
      if (walk.verdict === 'translated') winners.push({ destination: at.destination, destinationPort: at.destinationPort, natKind: at.natKind, natRule: at.natRule, source: at.source })
      Object.assign(at, untouched)
    }
    const [first, ...others] = winners
    if (first === undefined) return undefined
    if (others.some((one) => !sameAddress(one.destination, first.destination) || one.destinationPort !== first.destinationPort || !sameAddress(one.source, first.source))) {
      return unknown(first.natRule, `${step.chains.map(chainTitle).join(' and ')} have the same priority, and more than one of them translates`)
    }
    Object.assign(at, first)
    return void this.#finishNat(hook)
  }

  #run(chain: BaseChain): { verdict: Verdict, by: Rule | undefined, why: string } {
    const walk = new ChainWalk(this.#at, this.#guesses, this.trace)
    if (this.trace !== undefined) this.trace.note(chainTitle(chain))
    const verdict = walk.run(chain)
    this.steps += walk.steps
    this.undecided ||= walk.undecided
    return { verdict, by: walk.by, why: walk.why }
  }

  #ended(chain: BaseChain, { verdict, by, why }: { verdict: Verdict, by: Rule | undefined, why: string }): Outcome | undefined {
    if (verdict === 'unknown') return unknown(by, why)
    if (verdict === 'drop') return { kind: 'dropped', by, why: why === '' ? 'a rule drops it' : why }
    if (verdict === 'reject') return { kind: 'rejected', by, why: 'a rule rejects it' }
    if (verdict === 'end' && chain.base.policy === 'drop') return { kind: 'dropped', by: undefined, why: `the policy of ${chainTitle(chain)} is drop` }
    return undefined
  }
}

/** What a chain may change that a later one of the same priority may ask for. */
function changeable(at: Passage): string {
  return `${at.mark} ${at.connectionMark} ${at.zone} ${at.untracked} ${at.tproxy?.port}`
}

/** `ip nat OUTPUT (iptables-nft)`. */
function chainTitle(chain: BaseChain): string {
  return `${chain.table.family} ${chain.table.name} ${chain.name} (${chain.table.backend})`
}

function unknown(by: Rule | undefined, why: string): Outcome {
  return { kind: 'unknown', by, why }
}

function unsendable(why: string): Outcome {
  return { kind: 'unsendable', by: undefined, why }
}

/** ip6_rcv refuses the loopback address from outside before any hook. */
function martian6(at: Passage): string | undefined {
  if (at.version === 4) return undefined
  const own = (address: Address): string | undefined => isLoopback(address) ? `${addressText(address)} may not come from ${at.inInterface}` : undefined
  return own(at.destination) ?? own(at.source)
}
