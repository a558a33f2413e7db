import type { Address } from '../../net/address.ts'
import { isInside, isLoopback, prefixRange, sameAddress } from './address-range.ts'
import type { AddressRange } from './address-range.ts'
import type { IpVersion } from './ruleset.ts'

export interface Interface { readonly name: string, readonly addresses: readonly Address[], /** Lengths of their prefixes, in the same order. */ readonly lengths: readonly number[] }

/** One line of `ip route`. `local`: the packet is for this namespace. */
export interface Route { readonly table: string, readonly range: AddressRange, readonly length: number, readonly interface: string, readonly local: boolean, readonly source: Address | undefined }

/** One line of `ip rule`. `other` names a selector that is not modelled. */
export interface PolicyRule { readonly version: IpVersion, readonly priority: number, readonly table: string, readonly mark: number, readonly mask: number, readonly other: string | undefined }

export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  readonly address: Address
  readonly port: number
  /** Accepts IPv4 on an IPv6 wildcard, too. */
  readonly uid: number
  readonly pid: number | undefined
  readonly program: string | undefined
  /** IP_TRANSPARENT; undefined where it could not be asked. */
  readonly transparent: boolean | undefined
}

/** What of a network namespace decides beside its rules. */
export interface World {
  readonly interfaces: readonly Interface[]
  readonly routes: readonly Route[]
  readonly policies: readonly PolicyRule[]
  /** Undefined where nothing is known of who listens. */
  readonly listeners: readonly Socket[] | undefined
  /** Interfaces that let addresses of the loopback in and out. */
  readonly routeLocalnet: readonly string[]
  readonly forwards: boolean
}

export type Way =
  | { readonly kind: 'local', readonly source: Address | undefined }
  | { readonly kind: 'out', readonly interface: string, readonly source: Address | undefined }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown', readonly why: string }

/** Where the routes send a packet of that mark. Own addresses come first, as in the kernel's table `local` at priority 0. */
export function findRoute(world: World, destination: Address, mark: number): Way {
  if (isLocal(world, destination)) return { kind: 'local', source: isLoopback(destination) ? loopback(destination.version) : destination }
  for (const rule of world.policies) {
    if (rule.version !== destination.version || ((mark & rule.mask) >>> 0) !== rule.mark) continue
    const route = bestRoute(world.routes, rule.table, destination)
    if (route === undefined) continue
    if (rule.other !== undefined) return { kind: 'unknown', why: `ip rule ${rule.priority} asks for ${rule.other}` }
    if (route.local) return { kind: 'local', source: sourceOf(world, route.interface, destination) }
    return { kind: 'out', interface: route.interface, source: route.source ?? sourceOf(world, route.interface, destination) }
  }
  return { kind: 'none' }
}

function bestRoute(routes: readonly Route[], table: string, destination: Address): Route | undefined {
  let best: Route | undefined
  for (const route of routes) {
    if (route.table === table && (best === undefined || route.length > best.length) && isInside(destination, route.range)) best = route
  }
  return best
}

export function isLocal(world: World, address: Address): boolean {
  if (isLoopback(address)) return true
  for (const { addresses } of world.interfaces) for (const own of addresses) if (sameAddress(own, address)) return true
  return false
}

/** The address that a REDIRECT of arriving packets goes to, and that new packets get: the first of the interface, for IPv6 the first of the same scope. */
export function sourceOf(world: World, name: string, towards: Address): Address | undefined {
  let first: Address | undefined
  for (const one of world.interfaces) {
    if (one.name !== name) continue
    for (const address of one.addresses) {
      if (address.version !== towards.version) continue
      if (towards.version === 4 || isLinkLocal(address) === isLinkLocal(towards)) return address
      first ??= address
    }
    break
  }
  return first
}

export function isLinkLocal(address: Address): boolean {
  return address.version === 6 ? address.words[0] >>> 22 === 0xfe80 >>> 6 : address.words[3] >>> 16 === 0xa9fe
}

export function loopback(version: 4 | 6): Address {
  return version === 4 ? { version: 4, words: [0, 0, 0, 0x7f00_0001] } : { version: 6, words: [0, 0, 0, 1] }
}

const MAIN = { table: 'main', mark: 0, mask: 0, other: undefined } as const

/** A namespace of which nothing is known but its addresses, with one way out: `lo` and an interface that leads to all the rest. */
export function planWorld(addresses: readonly Address[], name = 'eth0'): World {
  const any = (version: 4 | 6): Route => {
    const zero: Address = { version, words: [0, 0, 0, 0] }
    return { table: 'main', range: prefixRange(zero, 0), length: 0, interface: name, local: false, source: undefined }
  }
  return {
    interfaces: [
      { name: 'lo', addresses: [loopback(4), loopback(6)], lengths: [8, 128] },
      { name, addresses, lengths: addresses.map((address) => address.version === 4 ? 24 : 64) },
    ],
    routes: [any(4), any(6)],
    policies: [{ version: 4, priority: 32_766, ...MAIN }, { version: 6, priority: 32_766, ...MAIN }],
    listeners: undefined, routeLocalnet: [], forwards: false,
  }
}
