import type { AddressRange } from './address-range.ts'
import { parseAddress } from '../../net/address.ts'
import { parseNumber, parseRange } from './number-range.ts'
import type { Action, Chain, IpVersion, MarkChange } from './ruleset.ts'

const ALL = 0xffff_ffff
const MAX_PORT = 65_535
const MAX_ZONE = 65_535
const NO_OPTIONS: ReadonlyMap<string, string> = new Map()
type Plain = 'accept' | 'drop' | 'reject' | 'return' | 'nothing' | 'notrack' | 'masquerade'

/** One object for all rules that end so: a node has a million of them. */
function same(kind: Plain): () => Action {
  const action: Action = { kind }
  return () => action
}

/** Extensions write their name in capitals; a chain of such a name would be found among the chains first. */
const TARGETS: Record<string, (options: ReadonlyMap<string, string>, version: IpVersion) => Action | undefined> = {
  ACCEPT: same('accept'),
  DROP: same('drop'),
  REJECT: same('reject'),
  RETURN: same('return'),
  LOG: same('nothing'),
  NFLOG: same('nothing'),
  TRACE: same('nothing'),
  CHECKSUM: same('nothing'),
  MASQUERADE: same('masquerade'),
  NOTRACK: same('notrack'),
  REDIRECT: redirect,
  DNAT: (options) => translate('dnat', options.get('--to-destination')),
  SNAT: (options) => translate('snat', options.get('--to-source')),
  MARK: (options) => markAction('packet', options),
  CONNMARK: connectionMark,
  TPROXY: tproxy,
  CT: connectionTrack,
}

/** The action of `-j NAME options` or `-g NAME`. A name that is no known target is a chain, where `chain` finds or makes it. */
export function parseTarget(name: string, words: readonly string[], kind: 'jump' | 'goto', version: IpVersion, chain: (name: string) => Chain): Action {
  const read = kind === 'jump' && Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined
  if (read !== undefined) return read(optionsOf(words), version) ?? { kind: 'unknown', what: `-j ${[name, ...words].join(' ')}` }
  if (words.length > 0) return { kind: 'unknown', what: `-j ${[name, ...words].join(' ')}` }
  return { kind, chain: chain(name) }
}

/** Each option with the word after it, or with nothing where the next one is an option, too. */
function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  if (words.length === 0) return NO_OPTIONS
  const options = new Map<string, string>()
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const next = words[i + 1]
    const value = next === undefined || next.startsWith('--') ? '' : next
    options.set(word, value)
    if (value !== '') i++
  }
  return options
}

function redirect(options: ReadonlyMap<string, string>): Action | undefined {
  if ([...options.keys()].some((name) => name !== '--to-ports' && name !== '--to-port')) return undefined
  const text = options.get('--to-ports') ?? options.get('--to-port')
  const ports = text === undefined ? undefined : parseRange(text, MAX_PORT, '-')
  return text !== undefined && ports === undefined ? undefined : { kind: 'redirect', ports }
}

/** `10.0.0.4:80`, `10.0.0.4`, `:80`, `[fd00::4]:80`, `10.0.0.4-10.0.0.9:80-90`. */
function translate(kind: 'dnat' | 'snat', text: string | undefined): Action | undefined {
  const parts = /^(?:\[([^\]]*)\]|([^:]*|[0-9a-f:.-]*:[0-9a-f:.-]*:[0-9a-f:.-]*))(?::(\d+(?:-\d+)?))?$/i.exec(text ?? '')
  if (parts === null) return undefined
  const addresses = parts[1] ?? parts[2] ?? ''
  const address = addresses === '' ? undefined : addressSpan(addresses)
  const ports = parts[3] === undefined ? undefined : parseRange(parts[3], MAX_PORT, '-')
  if (addresses !== '' && address === undefined || parts[3] !== undefined && ports === undefined) return undefined
  return { kind, address, ports }
}

function addressSpan(text: string): AddressRange | undefined {
  const [low, high] = text.split('-', 2).map(parseAddress)
  return low === undefined ? undefined : { low, high: high ?? low }
}

function pair(text: string | undefined): { value: number, mask: number } | undefined {
  if (text === undefined) return undefined
  const [value, mask = ALL] = text.split('/', 2).map(parseNumber)
  return value === undefined ? undefined : { value, mask }
}

/** `--set-mark V/M` zeroes M and ors V, `--set-xmark V/M` zeroes M and xors V (iptables-extensions(8)). */
export function markChange(options: ReadonlyMap<string, string>): MarkChange | undefined {
  const set = pair(options.get('--set-mark'))
  if (set !== undefined) return { clear: (set.mask | set.value) >>> 0, flip: set.value }
  const xset = pair(options.get('--set-xmark'))
  if (xset !== undefined) return { clear: xset.mask, flip: xset.value }
  const and = pair(options.get('--and-mark'))
  if (and !== undefined) return { clear: ~and.value >>> 0, flip: 0 }
  const or = pair(options.get('--or-mark'))
  if (or !== undefined) return { clear: or.value, flip: or.value }
  const xor = pair(options.get('--xor-mark'))
  return xor === undefined ? undefined : { clear: 0, flip: xor.value }
}

function markAction(of: 'packet' | 'connection', options: ReadonlyMap<string, string>): Action | undefined {
  const change = markChange(options)
  return change === undefined ? undefined : { kind: 'set-mark', of, change }
}

function connectionMark(options: ReadonlyMap<string, string>): Action | undefined {
  const kind = options.has('--save-mark') ? 'save-mark' : options.has('--restore-mark') ? 'restore-mark' : undefined
  if (kind === undefined) return markAction('connection', options)
  const both = options.get('--mask')
  const packetMask = parseNumber(options.get('--nfmask') ?? both ?? `${ALL}`)
  const connectionMask = parseNumber(options.get('--ctmask') ?? both ?? `${ALL}`)
  return packetMask === undefined || connectionMask === undefined ? undefined : { kind, packetMask, connectionMask }
}

function tproxy(options: ReadonlyMap<string, string>, version: IpVersion): Action | undefined {
  const port = parseNumber(options.get('--on-port') ?? '')
  if (port === undefined || port > MAX_PORT) return undefined
  const ip = parseAddress(options.get('--on-ip') ?? (version === 4 ? '0.0.0.0' : '::'))
  const mark = pair(options.get('--tproxy-mark') ?? '0/0')
  if (ip === undefined || mark === undefined) return undefined
  const isAny = ip.words.every((word) => word === 0)
  return {
    kind: 'tproxy', port, address: isAny ? undefined : { low: ip, high: ip }, strict: true, version,
    mark: mark.mask === 0 && mark.value === 0 ? undefined : { clear: mark.mask, flip: mark.value },
  }
}

function connectionTrack(options: ReadonlyMap<string, string>): Action | undefined {
  if (options.has('--notrack')) return { kind: 'notrack' }
  const zone = parseNumber(options.get('--zone') ?? '')
  return options.size === 1 && zone !== undefined && zone <= MAX_ZONE ? { kind: 'zone', zone } : undefined
}

