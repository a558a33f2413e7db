import { parseAddress } from '../../net/address.ts'
import { orderedRanges, parseNumber, parseRange } from './number-range.ts'
import { ownValue } from './own-value.ts'
import type { IpVersion, Match, Side, TrackDirection, TrackState } from './ruleset.ts'

export interface OptionValue { readonly text: string, readonly not: boolean, readonly protocol: number | undefined, readonly version: IpVersion }
/** `undefined`: says nothing that narrows. `bad`: not a value of that option. */
export type Reader = { readonly flag?: true, match(value: OptionValue): Match | 'bad' | undefined }
type Options = Readonly<Record<string, Reader>>

const MAX_PORT = 65_535
const MAX_ID = 0xffff_ffff

const port = (side: Side | 'either'): Reader => ({
  match: ({ text, not, protocol }) => {
    const range = parseRange(text, MAX_PORT, ':')
    return range === undefined ? named(text, `port ${text}`, not) : { kind: 'port', not, side, protocol, ranges: [range] }
  },
})

/** The names of services are not looked up. */
function named(text: string, what: string, not: boolean): Match | 'bad' {
  return /^[a-z][\w-]*$/i.test(text) ? { kind: 'unknown', not, what } : 'bad'
}

const ports = (side: Side | 'either'): Reader => ({
  match: ({ text, not, protocol }) => {
    const ranges = text.split(',').map((part) => parseRange(part, MAX_PORT, ':'))
    return isWhole(ranges) ? { kind: 'port', not, side, protocol, ranges: orderedRanges(ranges) } : 'bad'
  },
})

function isWhole<T>(list: readonly (T | undefined)[]): list is readonly T[] {
  return !list.includes(undefined)
}

const PORTS: Options = { '--dport': port('destination'), '--destination-port': port('destination'), '--sport': port('source'), '--source-port': port('source') }

const FLAGS: Record<string, number> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ALL: 63, NONE: 0 }

const tcpFlags: Reader = {
  match: ({ text, not }) => ({ kind: 'unknown', not, what: `--tcp-flags ${text}` }),
}
const syn: Reader = { flag: true, match: ({ not }) => ({ kind: 'tcp-flags', not, mask: FLAGS.SYN! | FLAGS.RST! | FLAGS.ACK! | FLAGS.FIN!, flags: FLAGS.SYN! }) }

const owner = (who: 'uid' | 'gid'): Reader => ({
  match: ({ text, not }) => {
    const range = parseRange(text, MAX_ID, '-')
    return range === undefined ? named(text, `owner ${text}`, not) : { kind: 'owner', not, who, ranges: [range], semantics: 'xtables' }
  },
})

const mark = (of: 'packet' | 'connection'): Reader => ({
  match: ({ text, not }) => {
    const [value, mask = MAX_ID] = text.split('/', 2).map(parseNumber)
    if (value === undefined) return 'bad'
    // xtables compares (mark & mask) with the value as it stands.
    return { kind: 'mark', not, of, mask, ranges: [{ from: value, to: value }] }
  },
})

const STATES: Record<string, TrackState> = { NEW: 'new', ESTABLISHED: 'established', RELATED: 'related', INVALID: 'invalid', UNTRACKED: 'untracked' }

const state: Reader = {
  match: ({ text, not }) => {
    const states = text.split(',').map((name) => ownValue(STATES, name))
    // SNAT and DNAT are states, too, of what became of a connection.
    return isWhole(states) ? { kind: 'state', not, states } : { kind: 'unknown', not, what: `--ctstate ${text}` }
  },
}

const DIRECTIONS: Record<string, TrackDirection> = { ORIGINAL: 'original', REPLY: 'reply' }

const direction: Reader = {
  match: ({ text, not }) => {
    const found = ownValue(DIRECTIONS, text.toUpperCase())
    return found === undefined ? 'bad' : { kind: 'direction', not, directions: [found], semantics: 'xtables' }
  },
}

const addressType = (side: Side): Reader => ({
  match: ({ text, not }) => text === 'LOCAL' ? { kind: 'local-address', not, side } : { kind: 'unknown', not, what: `-m addrtype ${text}` },
})

const addressRange = (side: Side): Reader => ({
  match: ({ text, not }) => {
    const [low, high] = text.split('-', 2).map(parseAddress)
    if (low === undefined) return 'bad'
    if (high !== undefined && high.version !== low.version) return 'bad'
    return { kind: 'address', not, side, ranges: [{ low, high: high ?? low }] }
  },
})

const ignored: Reader = { match: () => undefined }

/** Options by the name of the match that has them. What is in no list here makes a rule unknown. */
export const EXTENSIONS: Readonly<Record<string, Options>> = {
  tcp: { ...PORTS, '--syn': syn, '--tcp-flags': tcpFlags },
  udp: PORTS, udplite: PORTS, sctp: PORTS, dccp: PORTS,
  multiport: { '--dports': ports('destination'), '--destination-ports': ports('destination'), '--sports': ports('source'), '--source-ports': ports('source'), '--ports': ports('either') },
  owner: { '--uid-owner': owner('uid'), '--gid-owner': owner('gid'), '--socket-exists': { flag: true, match: ({ not }) => ({ kind: 'socket-exists', not }) } },
  mark: { '--mark': mark('packet') },
  connmark: { '--mark': mark('connection') },
  conntrack: { '--ctstate': state, '--ctdir': direction },
  state: { '--state': state },
  addrtype: { '--dst-type': addressType('destination'), '--src-type': addressType('source') },
  iprange: { '--src-range': addressRange('source'), '--dst-range': addressRange('destination') },
  comment: { '--comment': ignored },
}
