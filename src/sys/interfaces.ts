import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { inetNtop } from './libc.ts'
import { dumpNetlink, netlinkAttribute } from './netlink.ts'

const RTM_GETLINK = 18
const RTM_GETADDR = 22
const IFLA_IFNAME = 3
const IFLA_EXT_MASK = 29
const RTEXT_FILTER_SKIP_STATS = 8
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const AF_INET = 2
const AF_INET6 = 10

export interface NetInterface {
  index: number
  name: string
  /** ARPHRD_ value of linux/if_arp.h: 1 Ethernet, 772 loopback, 65534 raw IP. */
  hardwareType: number
  up: boolean
  loopback: boolean
}

export interface NetAddress {
  ifindex: number
  ip: string
  /** Length of the network's prefix in bits. */
  prefix: number
}

/** The interfaces of the calling thread's network namespace. Needs no /sys of that namespace and no rights. */
export function listInterfaces(): NetInterface[] {
  let found: NetInterface[] = []
  // struct ifinfomsg, then an attribute that leaves the counters out: they are most of the answer.
  const request = new Uint8Array(24)
  request.set([8, 0, IFLA_EXT_MASK, 0, RTEXT_FILTER_SKIP_STATS, 0, 0, 0], 16)
  dumpNetlink(RTM_GETLINK, request, () => { found = [] }, (view) => {
    const name = netlinkAttribute(view, 16, IFLA_IFNAME)
    const flags = view.getUint32(8, true)
    found.push({
      index: view.getInt32(4, true),
      name: name === undefined ? '' : Buffer.from(name).toString().replace(/\0.*$/s, ''),
      hardwareType: view.getUint16(2, true),
      up: (flags & IFF_UP) !== 0,
      loopback: (flags & IFF_LOOPBACK) !== 0,
    })
  })
  return found
}

/** The addresses configured in the calling thread's network namespace. */
export function listAddresses(): NetAddress[] {
  let found: NetAddress[] = []
  dumpNetlink(RTM_GETADDR, new Uint8Array(8), () => { found = [] }, (view) => {
    const family = view.getUint8(0)
    // On point-to-point links IFA_ADDRESS is the other end.
    const bytes = netlinkAttribute(view, 8, IFA_LOCAL) ?? netlinkAttribute(view, 8, IFA_ADDRESS)
    const ip = bytes === undefined ? undefined : addressText(family, bytes)
    if (ip !== undefined) found.push({ ifindex: view.getUint32(4, true), ip, prefix: view.getUint8(1) })
  })
  return found
}

function addressText(family: number, bytes: Uint8Array): string | undefined {
  if (bytes.length !== (family === AF_INET ? 4 : family === AF_INET6 ? 16 : -1)) return undefined
  const text = new Uint8Array(46)
  return inetNtop(family, bytes, text, text.length) ?? undefined
}

/** The interface of that name, or 'no-such-interface' with the nearest names as its hint. */
export function findInterface(name: string, among: readonly NetInterface[] = listInterfaces()): NetInterface {
  const found = among.find((i) => i.name === name)
  if (found !== undefined) return found
  const names = among.map((i) => i.name)
  const near = nearestName(name, names)
  const there = `there are: any, ${names.slice(0, 30).join(', ')}`
  throw new MtlscopeError('no-such-interface', `no interface named ${name}`, {
    hint: near === undefined ? there : `did you mean ${near}? ${there}`, facts: { interface: name },
  })
}
