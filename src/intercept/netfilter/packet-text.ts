import type { Address } from '../../net/address.ts'
import { parseAddress } from '../../net/address.ts'
import { addressText } from './address-range.ts'
import { hex } from './match-reason.ts'
import { parseNumber } from './number-range.ts'
import { directionOf } from './packet.ts'
import type { Packet } from './packet.ts'
import { hasPorts, ICMP, ICMP6, protocolName, protocolNumber } from './protocol-number.ts'
import type { Problem, TrackDirection, TrackState } from './ruleset.ts'
import { sourceOf } from './world.ts'
import type { World } from './world.ts'

/** Who an app is where nothing else is said. */
const APP_ID = 1000
const STATES = new Set(['new', 'established', 'related', 'invalid', 'untracked'])
const EXAMPLE = "example: 'tcp app uid 1000 -> 10.0.0.3:80', or 'tcp in eth0 10.0.0.9:5555 -> :8080'"
const MAX_LENGTH = 500

export type ParsedPacket = { readonly ok: true, readonly packet: Packet } | { readonly ok: false, readonly problem: Problem }

interface Draft {
  protocol: number
  interface?: string
  app: boolean
  uid?: number
  gid?: number
  mark: number
  socket: boolean
  state?: TrackState
  direction?: TrackDirection
  source?: End
  destination?: End
}

interface End { readonly address: Address | undefined, readonly port: number | undefined }

/**
 * `[tcp|udp|…] [app] [uid N] [gid N] [mark N] [no socket] [state S] [original|reply] [in INTERFACE] [SOURCE[:PORT]] -> [DESTINATION][:PORT]`, words in any order before the arrow.
 * `app` is uid and gid 1000 where none is given; a uid alone is the gid, too. `:8080` is the first own address of that interface.
 */
export function parsePacket(text: string, world: World): ParsedPacket {
  const words = text.slice(0, MAX_LENGTH).replace(/\s*(->|→)\s*/, ' -> ').trim().split(/\s+/)
  const draft: Draft = { protocol: 6, app: false, mark: 0, socket: true }
  for (let at = 0; at < words.length;) {
    const used = readWord(words, at, draft)
    if (typeof used === 'string') return { ok: false, problem: { line: 1, column: text.indexOf(words[at]!) + 1, what: used, hint: EXAMPLE } }
    at += used
  }
  return finish(draft, world)
}

/** How many words were used, or what is wrong. */
function readWord(words: readonly string[], at: number, draft: Draft): number | string {
  const word = words[at]!
  const next = words[at + 1]
  if (word === 'app' || word === 'out') {
    if (word === 'app') draft.app = true
    return 1
  }
  if (word === 'no' && next === 'socket' || word === 'no-socket') {
    draft.socket = false
    return word === 'no' ? 2 : 1
  }
  if (word === 'uid' || word === 'gid' || word === 'mark') return readNumber(word, next, draft)
  if (word === 'in') return next === undefined || next === '->' ? 'in which interface?' : (draft.interface = next, 2)
  if (word === 'state') return STATES.has((next ?? '').toLowerCase()) ? (draft.state = next!.toLowerCase() as TrackState, 2) : `not a state: ${next ?? ''}`
  if (word === 'original' || word === 'reply') return (draft.direction = word, 1)
  if (word === '->') return readEnd(words, at, draft)
  const protocol = /^[a-z]/i.test(word) && !word.includes(':') ? protocolNumber(word) : undefined
  if (protocol !== undefined) return (draft.protocol = protocol, 1)
  const end = parseEnd(word)
  return end === undefined ? `what is ${word}?` : (draft.source = end, 1)
}

function readNumber(word: 'uid' | 'gid' | 'mark', text: string | undefined, draft: Draft): number | string {
  const value = parseNumber(text ?? '')
  if (value === undefined) return `${word} needs a number`
  draft[word] = value
  return 2
}

function readEnd(words: readonly string[], at: number, draft: Draft): number | string {
  const word = words[at + 1]
  const end = word === undefined ? undefined : parseEnd(word)
  if (end === undefined) return word === undefined ? 'where does it go to?' : `not an address: ${word}`
  draft.destination = end
  return 2
}

/** `10.0.0.3`, `10.0.0.3:80`, `:80`, `fd00::3`, `[fd00::3]:80`. */
function parseEnd(text: string): End | undefined {
  const match = /^(?:\[([^\]]+)\](?::(\d{1,5}))?|([\d.]*)(?::(\d{1,5}))?)$/.exec(text)
  const ip = match === null ? text : match[1] ?? match[3] ?? ''
  const port = match === null ? undefined : match[2] ?? match[4]
  const address = ip === '' ? undefined : parseAddress(ip)
  if (ip !== '' && address === undefined || ip === '' && port === undefined || Number(port ?? 0) > 65_535) return undefined
  return { address, port: port === undefined ? undefined : Number(port) }
}

function problem(what: string): ParsedPacket {
  return { ok: false, problem: { line: 1, column: 1, what, hint: EXAMPLE } }
}

function finish(draft: Draft, world: World): ParsedPacket {
  if (draft.destination === undefined) return problem('where does it go to? the arrow is missing')
  const version = draft.destination.address?.version ?? draft.source?.address?.version ?? 4
  const destination = draft.destination.address ?? ownAddress(draft, world, version)
  if (destination === undefined) return problem(`${draft.interface ?? 'the namespace'} has no IPv${version} address that could be meant`)
  if (draft.source?.address !== undefined && draft.source.address.version !== version) return problem('source and destination are of different families')
  if (draft.interface !== undefined && draft.source?.address === undefined) return problem('a packet that arrives needs a source')
  const protocol = draft.protocol === ICMP && version === 6 ? ICMP6 : draft.protocol
  if (hasPorts(protocol) && draft.destination.port === undefined) return problem(`${protocolName(protocol)} needs a port`)
  const state = draft.state ?? (draft.direction === 'reply' ? 'established' : 'new')
  const contradiction = directionProblem(state, protocol, draft.direction)
  if (contradiction !== undefined) return problem(contradiction)
  const uid = draft.uid ?? (draft.app ? APP_ID : undefined)
  return {
    ok: true,
    packet: {
      direction: draft.interface === undefined ? 'out' : 'in', version, protocol, source: draft.source?.address, sourcePort: draft.source?.port,
      destination, destinationPort: draft.destination.port, interface: draft.interface, uid, gid: draft.gid ?? uid,
      hasSocket: draft.socket && draft.interface === undefined, mark: draft.mark, state,
      trackDirection: draft.direction ?? directionOf(state, protocol),
    },
  }
}

function directionProblem(state: TrackState, protocol: number, direction: TrackDirection | undefined): string | undefined {
  if (direction === undefined) return undefined
  if (state === 'invalid' || state === 'untracked') return `a packet that is ${state} is of no connection: neither original nor reply`
  return direction === 'reply' && directionOf(state, protocol) === 'original' ? 'the first packet of a connection is original' : undefined
}

function ownAddress(draft: Draft, world: World, version: 4 | 6): Address | undefined {
  const name = draft.interface ?? 'lo'
  return sourceOf(world, name, { version, words: [0, 0, 0, 0] })
}

/** What parsePacket reads. */
export function packetText(packet: Packet): string {
  const words = [protocolName(packet.protocol)]
  if (packet.direction === 'in') words.push('in', packet.interface ?? 'eth0')
  else if (!packet.hasSocket) words.push('no socket')
  else words.push('app')
  if (packet.hasSocket && packet.uid !== undefined) words.push(`uid ${packet.uid}`)
  if (packet.hasSocket && packet.gid !== undefined && packet.gid !== packet.uid) words.push(`gid ${packet.gid}`)
  if (packet.mark !== 0) words.push(`mark ${hex(packet.mark)}`)
  if (packet.state !== 'new') words.push(`state ${packet.state}`)
  if (packet.trackDirection !== undefined && packet.trackDirection !== directionOf(packet.state, packet.protocol)) words.push(packet.trackDirection)
  if (packet.source !== undefined) words.push(endText(packet.source, packet.sourcePort))
  return `${words.join(' ')} -> ${endText(packet.destination, packet.destinationPort)}`
}

export function endText(address: Address, port: number | undefined): string {
  const text = addressText(address)
  return port === undefined ? text : address.version === 4 ? `${text}:${port}` : `[${text}]:${port}`
}
