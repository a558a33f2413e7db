import { randomBytes } from 'node:crypto'
import dgram from 'node:dgram'
import { readFile } from 'node:fs/promises'
import type { RouteFamily, RoutePrefix } from './route-table.ts'
import { addressIn, parseRoutes4, parseRoutes6 } from './route-table.ts'

/** For documentation (RFC 5737, RFC 3849, RFC 9637): nobody has them. */
const NOWHERE: Readonly<Record<RouteFamily, readonly string[]>> = { 4: ['192.0.2.1', '198.51.100.1', '203.0.113.1'], 6: ['2001:db8::1', '3fff::1'] }
const MAX_PREFIXES = 64

/** An address that a call would leave by. */
export interface WayOut {
  readonly address: string
  /** What the call is to come from; undefined: whatever the kernel chooses. */
  readonly from?: string
}

/**
 * Where a call of this family would leave the namespace: to an address that nobody has where all addresses have a route, else to one in the widest prefix that has.
 * 'none' where the family leads out nowhere; 'unclear' where it has routes and none that a call could take, as while its own address is tentative.
 * Link-local routes do not count: what is redirected from such an address finds no way back.
 */
export async function findWayOut(family: RouteFamily): Promise<WayOut | 'none' | 'unclear'> {
  const routes = await readRoutes(family)
  const prefixes = routes.filter(({ length }) => length > 0).toSorted((a, b) => a.length - b.length).slice(0, MAX_PREFIXES)
  let own = 0
  for (const address of [...NOWHERE[family], ...prefixes.map((prefix) => addressIn(prefix, randomBytes(prefix.bytes.length)))]) {
    const source = await sourceTowards(address, family)
    if (source === 'own') own++
    else if (source !== undefined) return isLinkLocal(source) ? { address, from: '::1' } : { address }
  }
  return routes.length === own ? 'none' : 'unclear'
}

/** Needs no right. What cannot be read has no routes. */
async function readRoutes(family: RouteFamily): Promise<readonly RoutePrefix[]> {
  const text = await readFile(family === 4 ? '/proc/self/net/route' : '/proc/self/net/ipv6_route', 'latin1').catch(() => '')
  return family === 4 ? parseRoutes4(text) : parseRoutes6(text)
}

const DISCARD = 9

/** Asked of the kernel without a packet. Undefined where it knows no way, or no address to call from; 'own' where the call stays here. */
async function sourceTowards(address: string, family: RouteFamily): Promise<string | undefined> {
  const socket = dgram.createSocket(family === 4 ? 'udp4' : 'udp6')
  try {
    return await new Promise((resolve) => {
      socket.once('error', () => resolve(undefined))
      // Its declaration does not know of the error.
      const told = (failure?: Error): void => resolve(failure === undefined ? sourceOf(socket) : undefined)
      socket.connect(DISCARD, address, told)
    })
  } finally {
    socket.close()
  }
}

function sourceOf(socket: dgram.Socket): string {
  const { address } = socket.address()
  return address === socket.remoteAddress().address ? 'own' : address
}

/** A redirected call from a link-local address gets no answer: the kernel looks for it on another interface. From the loopback it does. */
function isLinkLocal(source: string): boolean {
  return /^fe[89ab]/i.test(source)
}
