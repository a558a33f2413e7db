import type { FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { Judgement } from './judge-handshake.ts'
import type { Sight } from './late.ts'
import type { Evidence, Verdict } from './verdict.ts'

/** A view of a connection is of one place; more places than these see no connection. */
const MAX_VIEWS = 4
/** The same ports are another connection after this. */
const SAME_MICROS = 5 * 1e6

/** What one place saw of a connection. */
export interface View {
  readonly flowKey: string
  readonly place: string
  /** Something readable was said that is more than the way to TLS: in this protocol. */
  plain: string | undefined
  /** Something readable was said that leads to TLS: CONNECT, an SSLRequest, a PROXY header. */
  preface: Evidence | undefined
  /** Bytes that no known protocol claims. */
  unclaimed: boolean
  joinedLate: boolean
  tls: Judgement | undefined
}

/** Why a connection without a handshake is what it is. */
const UNCLAIMED = 'neither TLS nor a protocol that is known'
const UNCLAIMED_LATE = 'joined late, in the middle of something that cannot be told'
const PREFACE_ONLY = 'it was about to turn to TLS or into a tunnel, and nothing more was seen'

const RANK: Readonly<Record<Verdict, number>> = { 'plaintext': 0, 'tls': 1, 'mtls (inferred)': 2, 'mtls': 3, 'unknown': 4 }

/** One TCP connection, from all places that saw it. */
export class Connection {
  readonly firstMicros: Micros
  /** On a loopback, or from an address to itself: between an app and its proxy. */
  readonly isLocal: boolean
  /** The verdict under which its edge counts it. */
  counted: Verdict | undefined
  isRefused = false
  /** Nothing but its end was seen so far. */
  isEnding = false
  /** Its edge counts it among those that resume something. */
  countedResumed: 'unknown' | 'mtls (inferred)' | undefined
  /** Its edge counts it among those that one concludes from, or that something is concluded of. */
  countedSight: Sight | undefined
  /** As it was seen when something that leads to TLS was said. */
  flow: FlowInfo | undefined
  /** One place sees a connection as one flow. Few, so that lists are smaller and quicker than maps. */
  readonly #views: View[] = []

  constructor(flow: FlowInfo) {
    this.firstMicros = flow.firstMicros
    this.isLocal = flow.hop === 'clear' || flow.client.ip === flow.server.ip
  }

  /** Whether a flow of the same addresses and ports is this connection, seen elsewhere or further on. */
  isOf(flow: FlowInfo, flowKey: string): boolean {
    if (this.#views.some((view) => view.flowKey === flowKey)) return true
    const place = placeOf(flow)
    return Math.abs(flow.firstMicros - this.firstMicros) < SAME_MICROS && this.#views.length < MAX_VIEWS && !this.#views.some((view) => view.place === place)
  }

  view(flow: FlowInfo, flowKey: string): View {
    let view = this.#views.find((one) => one.flowKey === flowKey)
    if (view === undefined) {
      view = { flowKey, place: placeOf(flow), plain: undefined, preface: undefined, unclaimed: false, joinedLate: false, tls: undefined }
      this.#views.push(view)
    }
    return view
  }

  /** Nothing more will come: what was only about to begin is unknown. */
  end(): Evidence | undefined {
    let preface: Evidence | undefined
    for (const view of this.#views) {
      if (view.preface === undefined || view.plain !== undefined || view.unclaimed || view.tls !== undefined) continue
      view.tls = { verdict: 'unknown', because: PREFACE_ONLY, encrypted: false }
      preface = view.preface
    }
    return preface
  }

  /** Of all views the worst; those that saw too little say nothing beside others. Undefined where there is nothing to judge so far. */
  get judgement(): Judgement | undefined {
    let worst: Judgement | undefined
    for (const view of this.#views) {
      const judgement = judgeView(view)
      if (judgement === undefined) continue
      if (worst === undefined || RANK[judgement.verdict] < RANK[worst.verdict]) worst = judgement
    }
    return worst
  }
}

function placeOf(flow: FlowInfo): string {
  return `${flow.namespace ?? ''} ${flow.interface ?? ''}`
}

function judgeView(view: View): Judgement | undefined {
  if (view.plain !== undefined) return { verdict: 'plaintext', because: `${view.plain} was read on the wire`, encrypted: false }
  if (view.tls !== undefined) return view.tls
  if (view.unclaimed) return { verdict: 'unknown', because: view.joinedLate ? UNCLAIMED_LATE : UNCLAIMED, encrypted: false, ...(view.joinedLate && { forProof: 'capture from before the connection begins', isOlder: true }) }
  return undefined
}
