import { closeSync, readFileSync } from 'node:fs'
import type { Address } from '../../net/address.ts'
import { parseAddress } from '../../net/address.ts'
import { runInside } from '../../sys/run-inside.ts'
import { openNetns, withNetns } from '../../sys/netns.ts'
import { lengthOf, parsePrefix, prefixRange } from '../netfilter/address-range.ts'
import { isObject } from '../netfilter/json-value.ts'
import type { JsonObject } from '../netfilter/json-value.ts'
import { parseNumber } from '../netfilter/number-range.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import type { Interface, PolicyRule, Route, Socket, World } from '../netfilter/world.ts'

const TIMEOUT_MS = 20_000

/** Addresses, routes, ip rules and listeners of a namespace, by way of `ip` and `ss`. */
export async function readWorld(path: string): Promise<World> {
  const inside = async (program: string, ...args: string[]): Promise<string> => (await runInside(path, program, args, { timeoutMs: TIMEOUT_MS })).stdout
  const [addresses, routes4, routes6, rules4, rules6, sockets] = await Promise.all([
    inside('ip', '-j', 'addr'), inside('ip', '-j', '-4', 'route', 'show', 'table', 'all'), inside('ip', '-j', '-6', 'route', 'show', 'table', 'all'),
    inside('ip', '-j', '-4', 'rule'), inside('ip', '-j', '-6', 'rule'), inside('ss', '-HlntuOep', '--inet-sockopt'),
  ])
  const interfaces = parseInterfaces(addresses)
  const settings = readSettings(path, interfaces)
  return {
    interfaces, routes: [...parseRoutes(routes4, 4), ...parseRoutes(routes6, 6)],
    policies: [...parsePolicies(rules4, 4), ...parsePolicies(rules6, 6)], listeners: parseListeners(sockets), ...settings,
  }
}

function readSettings(path: string, interfaces: readonly Interface[]): { routeLocalnet: readonly string[], forwards: boolean } {
  const fd = openNetns(path)
  try {
    return withNetns(fd, () => {
      const everywhere = setting('all/route_localnet')
      return { routeLocalnet: interfaces.map(({ name }) => name).filter((name) => everywhere || setting(`${name}/route_localnet`)), forwards: setting('all/forwarding') }
    })
  } finally {
    closeSync(fd)
  }
}

function setting(name: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv4/conf/${name}`, 'latin1').trim() === '1'
  } catch {
    return false
  }
}

function listOf(json: string): JsonObject[] {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value.filter(isObject) : []
  } catch {
    return []
  }
}

/** `ip -j addr`. */
export function parseInterfaces(json: string): Interface[] {
  return listOf(json).map((one) => {
    const infos = Array.isArray(one.addr_info) ? one.addr_info.filter(isObject) : []
    const known = infos.flatMap((info) => {
      const address = parseAddress(String(info.local))
      return address === undefined ? [] : [{ address, length: Number(info.prefixlen) }]
    })
    return { name: String(one.ifname), addresses: known.map(({ address }) => address), lengths: known.map(({ length }) => length) }
  })
}

/** `ip -j route show table all` of one family. */
export function parseRoutes(json: string, version: IpVersion): Route[] {
  const any = prefixRange({ version, words: [0, 0, 0, 0] }, 0)
  return listOf(json).flatMap((one) => {
    const range = one.dst === 'default' ? any : parsePrefix(String(one.dst))
    const type = String(one.type ?? 'unicast')
    if (range === undefined || type !== 'unicast' && type !== 'local') return []
    const source: Address | undefined = one.prefsrc === undefined ? undefined : parseAddress(String(one.prefsrc))
    return [{ table: String(one.table ?? 'main'), range, length: lengthOf(range) ?? 0, interface: String(one.dev ?? ''), local: type === 'local', source }]
  })
}

const SELECTORS = ['iif', 'oif', 'tos', 'uid_start', 'ipproto', 'sport', 'dport', 'not', 'l3mdev', 'dst', 'tun_id']

/** `ip -j rule` of one family, without the one that is always first. */
export function parsePolicies(json: string, version: IpVersion): PolicyRule[] {
  return listOf(json).filter((one) => one.table !== 'local' && one.table !== undefined).map((one) => {
    const mark = parseNumber(String(one.fwmark ?? '0')) ?? 0
    const mask = one.fwmark === undefined ? 0 : parseNumber(String(one.fwmask ?? '0xffffffff')) ?? 0xffff_ffff
    const other = [...SELECTORS.filter((name) => name in one), ...one.src === 'all' ? [] : ['source']][0]
    return { version, priority: Number(one.priority), table: String(one.table), mark, mask, other }
  })
}

const LISTENER = /^(tcp|udp)\s+\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(.*)$/

/** `ss -HlntuOep --inet-sockopt`. */
export function parseListeners(text: string): Socket[] {
  return text.split('\n').flatMap((line) => {
    const match = LISTENER.exec(line)
    if (match === null) return []
    const [, protocol, host, port, rest] = match
    const address = parseAddress(host === '*' ? '::' : host!.replace(/^\[|\]$|%.*$/g, '').replace(/\]$/, ''))
    if (address === undefined) return []
    const user = /users:\(\("((?:[^"\\]|\\.)*)",pid=(\d+)/.exec(rest!)
    const options = /inet-sockopt: \(([^)]*)\)/.exec(rest!)?.[1]
    return [{
      protocol: protocol as 'tcp' | 'udp', address, port: Number(port), uid: Number(/ uid:(\d+)/.exec(rest!)?.[1] ?? 0),
      pid: user === null ? undefined : Number(user[2]), program: user?.[1], transparent: options === undefined ? undefined : /\btransparent\b/.test(options),
    }]
  })
}
