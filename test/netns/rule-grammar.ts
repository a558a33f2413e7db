import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import { parseAddress } from '../../src/net/address.ts'
import { PORTS } from './explain-lab.ts'

/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = this.#state + 0x6d2b79f5 >>> 0
    let t = this.#state
    t = Math.imul(t ^ t >>> 15, t | 1)
    t ^= t + Math.imul(t ^ t >>> 7, t | 61)
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  chance(share: number): boolean {
    return this.next() < share
  }
}

interface Condition { readonly key: 'tcp' | 'udp' | 'dport' | 'dst' | 'src' | 'out' | 'in' | 'uid' | 'gid' | 'mark' | 'connmark' | 'state' | 'direction', readonly not: boolean, readonly value: string }
interface Line { readonly conditions: readonly Condition[], readonly action: string, readonly value: string }
interface ChainText { readonly name: string, readonly hook?: string, readonly policy?: string, readonly lines: readonly Line[] }
interface TableText { readonly name: 'raw' | 'mangle' | 'nat' | 'filter', readonly chains: readonly ChainText[] }

const NETWORKS: Record<4 | 6, readonly string[]> = {
  4: ['127.0.0.1/32', '127.0.0.6/32', '10.0.0.0/24', '10.0.0.2/32', '10.0.0.3/32', '192.168.0.0/16', '192.168.7.0/24', '203.0.113.0/24', '127.0.0.0/8'],
  6: ['::1/128', 'fd00::/64', 'fd00::2/128', 'fd00::3/128', '2001:db8::/32', '2001:db8:7::/48'],
}
const UIDS = [0, 1000, 1337, 1500, 2102]
const GIDS = [0, 1000, 1337]
const MARKS = ['0x539', '0x53a', '0x539/0xfff', '0x40/0xf0']

/** Rules of one family drawn from what meshes write, with their conditions and order changed at will. */
export function drawTables(dice: Dice, version: 4 | 6): TableText[] {
  const tables: TableText[] = []
  if (dice.chance(0.9)) tables.push(natTable(dice, version))
  if (dice.chance(0.6)) tables.push(mangleTable(dice, version))
  if (dice.chance(0.4)) tables.push(filterTable(dice, version))
  if (dice.chance(0.25)) tables.push(rawTable(dice, version))
  return tables
}

/** Zones as Istio sets them for DNS. */
function rawTable(dice: Dice, version: 4 | 6): TableText {
  const udp = (keys: readonly Condition['key'][]): Condition[] => [protocol('udp'), ...keys.filter(() => dice.chance(0.6)).map((key) => condition(dice, key, version))]
  return { name: 'raw', chains: [
    { name: 'PREROUTING', hook: 'prerouting', lines: dice.chance(0.5) ? [line(udp(['dport', 'src']), 'zone', '1')] : [] },
    { name: 'OUTPUT', hook: 'output', lines: Array.from({ length: 1 + dice.below(3) }, () => line(udp(['uid', 'dport']), 'zone', `${1 + dice.below(2)}`)) },
  ] }
}

const protocol = (key: 'tcp' | 'udp'): Condition => ({ key, not: false, value: '' })
const line = (conditions: readonly Condition[], action: string, value = ''): Line => ({ conditions, action, value })

function condition(dice: Dice, key: Condition['key'], version: 4 | 6): Condition {
  const not = key !== 'tcp' && key !== 'udp' && dice.chance(0.3)
  if (key === 'dport') return { key, not, value: dice.chance(0.7) ? `${dice.pick(PORTS)}` : `${dice.pick(PORTS)},${dice.pick(PORTS)},${15_000}-${15_010}`.split(',').filter((part, i, all) => all.indexOf(part) === i && (part.includes('-') || Number(part) < 15_000 || Number(part) > 15_010)).join(',') }
  if (key === 'dst' || key === 'src') return dice.chance(0.2) ? { key, not: false, value: networks(dice, version) } : { key, not, value: dice.pick(NETWORKS[version]) }
  if (key === 'out' || key === 'in') return { key, not, value: dice.chance(0.75) ? 'lo' : 'eth0' }
  if (key === 'uid') return { key, not, value: dice.chance(0.85) ? `${dice.pick(UIDS)}` : '1000-1999' }
  if (key === 'gid') return { key, not, value: `${dice.pick(GIDS)}` }
  if (key === 'mark' || key === 'connmark') return { key, not, value: dice.pick(MARKS) }
  if (key === 'direction') return { key, not: false, value: dice.chance(0.5) ? 'ORIGINAL' : 'REPLY' }
  return { key, not: false, value: key === 'state' ? 'ESTABLISHED,RELATED' : '' }
}

function isList({ key, value }: Condition): boolean {
  return (key === 'dst' || key === 'src') && value.includes(',')
}

/** Some that do not overlap: nft refuses a set in which two do. */
function networks(dice: Dice, version: 4 | 6): string {
  return version === 4 ? `127.0.0.0/8,${dice.pick(['10.0.0.0/24', '10.0.0.3/32', '203.0.113.0/24'])},192.168.0.0/16` : `::1/128,${dice.pick(['fd00::/64', 'fd00::3/128'])},2001:db8:7::/48`
}

function conditions(dice: Dice, keys: readonly Condition['key'][], version: 4 | 6): Condition[] {
  const drawn = keys.filter(() => dice.chance(0.3)).map((key) => condition(dice, key, version))
  // iptables lets no address be negated where there is a list of others.
  const hasList = drawn.some(isList)
  const chosen = drawn.map((one) => hasList && (one.key === 'dst' || one.key === 'src') ? { ...one, not: false } : one)
  const needsProtocol = chosen.some(({ key }) => key === 'dport') || dice.chance(0.6)
  return needsProtocol ? [protocol(dice.chance(0.85) ? 'tcp' : 'udp'), ...chosen] : chosen
}

/** REDIRECT with a port needs a protocol that has some. */
function withProtocol(dice: Dice, list: readonly Condition[]): Condition[] {
  return list.some(({ key }) => key === 'tcp' || key === 'udp') ? [...list] : [protocol(dice.chance(0.9) ? 'tcp' : 'udp'), ...list]
}

const OUT = ['dport', 'dst', 'src', 'out', 'uid', 'gid', 'mark', 'direction'] as const
const IN = ['dport', 'dst', 'src', 'in', 'mark', 'direction'] as const

function natTable(dice: Dice, version: 4 | 6): TableText {
  const side = (keys: readonly Condition['key'][], target: string, port: number): Line[] => {
    const lines = Array.from({ length: dice.below(8) }, () => natLine(dice, keys, version, target))
    return dice.chance(0.85) ? [...lines, line([protocol('tcp')], dice.chance(0.7) ? 'goto' : 'jump', target), ...dice.chance(0.3) ? [line([protocol('udp')], 'redirect', `${port}`)] : []] : lines
  }
  const redirect = (port: number): Line[] => [...dice.chance(0.3) ? [line([protocol('tcp'), condition(dice, 'dport', version)], 'return')] : [], line([protocol('tcp')], 'redirect', `${port}`)]
  return {
    name: 'nat', chains: [
      { name: 'PREROUTING', hook: 'prerouting', lines: dice.chance(0.9) ? [line(dice.chance(0.7) ? [protocol('tcp')] : [], 'jump', 'M_IN')] : [] },
      { name: 'OUTPUT', hook: 'output', lines: [...dice.chance(0.2) ? [natLine(dice, OUT, version, 'M_REDIRECT')] : [], line([], 'jump', 'M_OUT')] },
      { name: 'M_IN', lines: side(IN, 'M_IN_REDIRECT', 15_006) }, { name: 'M_OUT', lines: side(OUT, 'M_REDIRECT', 15_053) },
      { name: 'M_IN_REDIRECT', lines: redirect(15_006) }, { name: 'M_REDIRECT', lines: redirect(15_001) },
    ],
  }
}

function natLine(dice: Dice, keys: readonly Condition['key'][], version: 4 | 6, target: string): Line {
  const list = conditions(dice, keys, version)
  const roll = dice.next()
  if (roll < 0.6) return line(list, 'return')
  if (roll < 0.7) return line(list, 'accept')
  if (roll < 0.85) return line(list, dice.chance(0.5) ? 'jump' : 'goto', target)
  if (roll < 0.95) return line(withProtocol(dice, list), 'redirect', `${dice.pick(PORTS)}`)
  return line(withProtocol(dice, list), 'dnat', dice.pick(version === 4 ? ['10.0.0.2:8080', '10.0.0.3:80', '192.168.7.7:443'] : ['[fd00::2]:8080', '[fd00::3]:80', '[2001:db8:7::7]:443']))
}

function mangleTable(dice: Dice, version: 4 | 6): TableText {
  const marks = (keys: readonly Condition['key'][]): Line[] => Array.from({ length: dice.below(4) }, () => markLine(dice, conditions(dice, keys, version)))
  const inbound: Line[] = [line([protocol('tcp'), { key: 'state', not: false, value: 'ESTABLISHED,RELATED' }], 'return')]
  for (let n = dice.below(4); n > 0; n--) inbound.push(line([protocol('tcp'), ...conditions(dice, IN, version).filter(({ key }) => key !== 'tcp' && key !== 'udp')], 'return'))
  if (dice.chance(0.5)) inbound.push(line([protocol('tcp'), ...dice.chance(0.5) ? [condition(dice, 'dport', version)] : []], 'tproxy', `${dice.pick([15_006, 15_007, 9090])}`))
  if (dice.chance(0.5)) inbound.push(line([protocol('tcp')], 'tproxy', '15006'))
  return { name: 'mangle', chains: [{ name: 'PREROUTING', hook: 'prerouting', lines: [...marks(IN), line([protocol('tcp')], 'jump', 'M_TPROXY')] }, { name: 'OUTPUT', hook: 'output', lines: marks(OUT) }, { name: 'M_TPROXY', lines: inbound }] }
}

function markLine(dice: Dice, list: readonly Condition[]): Line {
  const roll = dice.next()
  if (roll < 0.6) return line(list, 'mark', dice.pick(['0x539', '0x53a', '0x40']))
  if (roll < 0.75) return line(list, 'save')
  return roll < 0.9 ? line(list, 'restore') : line(list, 'return')
}

function filterTable(dice: Dice, version: 4 | 6): TableText {
  const known = line([{ key: 'state', not: false, value: 'ESTABLISHED,RELATED' }], 'accept')
  const side = (keys: readonly Condition['key'][]): Line[] => [known, ...Array.from({ length: 1 + dice.below(4) }, () => line(conditions(dice, keys, version), dice.pick(['accept', 'drop', 'reject', 'return'])))]
  return { name: 'filter', chains: [{ name: 'INPUT', hook: 'input', policy: policy(dice), lines: [neighbours(version), ...side(IN)].flat() }, { name: 'OUTPUT', hook: 'output', policy: policy(dice), lines: [neighbours(version), ...side(OUT)].flat() }] }
}

/** Neighbour discovery is ICMPv6, and filtered like everything else. */
function neighbours(version: 4 | 6): Line[] {
  return version === 6 ? [line([], 'icmp6')] : []
}

function policy(dice: Dice): string {
  return dice.chance(0.2) ? 'DROP' : 'ACCEPT'
}

/** As iptables-restore or ip6tables-restore reads it. */
export function iptablesText(tables: readonly TableText[]): string {
  return tables.map(({ name, chains }) => [
    `*${name}`, ...chains.map((chain) => `:${chain.name} ${chain.hook === undefined ? '-' : chain.policy ?? 'ACCEPT'} [0:0]`),
    ...chains.flatMap((chain) => chain.lines.map((one) => `-A ${chain.name} ${iptablesLine(one)}`)), 'COMMIT', '',
  ].join('\n')).join('')
}

function iptablesLine({ conditions, action, value }: Line): string {
  const targets: Record<string, string> = {
    return: '-j RETURN', accept: '-j ACCEPT', drop: '-j DROP', reject: '-j REJECT', jump: `-j ${value}`, goto: `-g ${value}`, redirect: `-j REDIRECT --to-ports ${value}`,
    dnat: `-j DNAT --to-destination ${value}`, mark: `-j MARK --set-mark ${value}`, save: '-j CONNMARK --save-mark', restore: '-j CONNMARK --restore-mark',
    tproxy: `-j TPROXY --on-port ${value} --tproxy-mark 0x539/0xffffffff`, zone: `-j CT --zone ${value}`, icmp6: '-p ipv6-icmp -j ACCEPT',
  }
  return [...conditions.map(iptablesCondition), targets[action]!].join(' ')
}

function iptablesCondition({ key, not, value }: Condition): string {
  const no = not ? '! ' : ''
  switch (key) {
    case 'tcp': case 'udp': return `-p ${key}`
    case 'dport': return `-m multiport ${no}--dports ${value.replaceAll('-', ':')}`
    case 'dst': return `${no}-d ${value}`
    case 'src': return `${no}-s ${value}`
    case 'out': return `${no}-o ${value}`
    case 'in': return `${no}-i ${value}`
    case 'uid': return `-m owner ${no}--uid-owner ${value}`
    case 'gid': return `-m owner ${no}--gid-owner ${value}`
    case 'mark': return `-m mark ${no}--mark ${value}`
    case 'connmark': return `-m connmark ${no}--mark ${value}`
    case 'state': return `-m conntrack --ctstate ${value}`
    case 'direction': return `-m conntrack --ctdir ${value}`
  }
}

const PRIORITY = { raw: -300, mangle: -150, nat: -100, filter: 0 } as const

/** The same in one `inet` table of nft for each table. */
export function nftText(tables: readonly TableText[], version: 4 | 6): string {
  return tables.map(({ name, chains }) => {
    const inner = [...chains].sort((a, b) => Number(a.hook !== undefined) - Number(b.hook !== undefined)).reverse()
    return [`table inet m-${name}${version} {`, ...setTexts(version === 4 ? 'ip' : 'ip6'), ...inner.map((chain) => ` chain ${chain.name} {\n }`), '}',
      `table inet m-${name}${version} {`, ...inner.map((chain) => [` chain ${chain.name} {`, ...chain.hook === undefined ? [] : [`  type ${typeOf(name, chain.hook)} hook ${chain.hook} priority ${PRIORITY[name]}; policy ${(chain.policy ?? 'accept').toLowerCase()};`],
        ...chain.lines.flatMap((one) => nftLine(one, version)).map((text) => `  ${text}`), ' }'].join('\n')), '}', ''].join('\n')
  }).join('').replaceAll(/ chain (PREROUTING|OUTPUT|INPUT) \{\n \}\n/g, '')
}

function typeOf(table: string, hook: string): string {
  return table === 'nat' ? 'nat' : table === 'mangle' && hook === 'output' ? 'route' : 'filter'
}

function nftLine({ conditions, action, value }: Line, version: 4 | 6): string[] {
  const family = version === 4 ? 'ip' : 'ip6'
  const transport = conditions.find(({ key }) => key === 'tcp' || key === 'udp')?.key ?? 'tcp'
  const words = conditions.map((one) => nftCondition(one, family, transport))
  const targets: Record<string, string> = {
    return: 'return', accept: 'accept', drop: 'drop', reject: 'reject', jump: `jump ${value}`, goto: `goto ${value}`, redirect: `redirect to :${value}`, dnat: `dnat ${family} to ${value}`,
    mark: `meta mark set ${value}`, save: 'ct mark set meta mark', restore: 'meta mark set ct mark', tproxy: `tproxy ${family} to :${value} meta mark set 0x539 accept`, zone: `ct zone set ${value}`, icmp6: 'meta l4proto ipv6-icmp accept',
  }
  // Answers to IPv4 pass the chains of both families of `inet`, too: a policy of the other must not take them.
  const isAnswer = action === 'accept' && conditions.length === 1 && conditions[0]!.key === 'state'
  // Of both families where it names no address: what `inet` is for.
  const isPlain = action === 'redirect' && conditions.every(({ key }) => key === 'tcp' || key === 'udp')
  return [[...isAnswer || isPlain ? [] : [`meta nfproto ipv${version}`], ...words, targets[action]!].join(' ')]
}

function nftCondition({ key, not, value }: Condition, family: string, transport: string): string {
  const no = not ? '!= ' : ''
  switch (key) {
    case 'tcp': case 'udp': return `meta l4proto ${key}`
    case 'dport': return `${transport} dport ${no}{ ${value.replaceAll(',', ', ')} }`
    case 'dst': return `${family} daddr ${no}${value.includes(',') ? setOf(value, family) : value}`
    case 'src': return `${family} saddr ${no}${value.includes(',') ? setOf(value, family) : value}`
    case 'out': return `oifname ${no}"${value}"`
    case 'in': return `iifname ${no}"${value}"`
    case 'uid': return `meta skuid ${no}${value}`
    case 'gid': return `meta skgid ${no}${value}`
    case 'mark': case 'connmark': return markText(key === 'mark' ? 'meta mark' : 'ct mark', not, value)
    case 'direction': return `ct direction ${value.toLowerCase()}`
    case 'state': return `ct state { ${value.toLowerCase().replace(',', ', ')} }`
  }
}

/** One of three is a set with a name. */
function setOf(value: string, family: string): string {
  const name = SET_NAMES[family]!.indexOf(value)
  return name >= 0 ? `@s${family}${name}` : `{ ${value.replaceAll(',', ', ')} }`
}

const SET_NAMES: Readonly<Record<string, readonly string[]>> = { ip: ['127.0.0.0/8,10.0.0.3/32,192.168.0.0/16'], ip6: ['::1/128,fd00::3/128,2001:db8:7::/48'] }

function setTexts(family: string): string[] {
  return SET_NAMES[family]!.map((value, i) => ` set s${family}${i} {\n  type ${family === 'ip' ? 'ipv4' : 'ipv6'}_addr\n  flags interval\n  elements = { ${value.replaceAll(',', ', ')} }\n }`)
}

function markText(what: string, not: boolean, value: string): string {
  const [number, mask] = value.split('/')
  return `${what}${mask === undefined ? '' : ` and ${mask}`} ${not ? '!=' : '=='} ${number}`
}

const FAR: Record<4 | 6, readonly string[]> = { 4: ['10.0.0.3', '192.168.7.7', '203.0.113.9'], 6: ['fd00::3', '2001:db8::9', '2001:db8:7::7'] }
const OWN: Record<4 | 6, readonly string[]> = { 4: ['10.0.0.2', '127.0.0.1', '127.0.0.2', '127.0.0.6'], 6: ['fd00::2', '::1'] }

export function drawPacket(dice: Dice): Packet {
  const version = dice.chance(0.75) ? 4 : 6
  const common = { version, protocol: dice.chance(0.85) ? 6 : 17, sourcePort: undefined, destinationPort: dice.pick(PORTS), state: 'new', trackDirection: 'original' } as const
  if (dice.chance(0.4)) {
    return { ...common, direction: 'in', source: parseAddress(dice.pick(FAR[version])), destination: parseAddress(version === 4 ? '10.0.0.2' : 'fd00::2')!, interface: 'eth0', uid: undefined, gid: undefined, hasSocket: false, mark: 0 }
  }
  const destination = parseAddress(dice.pick(dice.chance(0.6) ? FAR[version] : OWN[version]))!
  const source = dice.chance(0.15) ? parseAddress(dice.pick(OWN[version].slice(0, 1).concat(version === 4 ? ['127.0.0.6', '127.0.0.1'] : ['::1']))) : undefined
  return { ...common, direction: 'out', source, destination, interface: undefined, uid: dice.pick(UIDS), gid: dice.pick(GIDS), hasSocket: true, mark: dice.chance(0.15) ? dice.pick([0x539, 0x53a, 0x40]) : 0 }
}
