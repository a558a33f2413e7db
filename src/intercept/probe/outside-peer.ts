import { closeSync } from 'node:fs'
import { makeNetns } from '../../sys/netns.ts'
import { mustRunInside, runInside } from '../apply/in-namespace.ts'

const LINK = 'mtlprobe0'
/** TEST-NET-2 (RFC 5737), and a network of our own of IPv6 (RFC 4193). */
const NEAR = { 4: '198.51.100.1', 6: 'fd6d:746c:7363::1' } as const
const FAR = { 4: '198.51.100.2', 6: 'fd6d:746c:7363::2' } as const

/** A namespace of its own, joined to the one that is looked at: who calls from there calls from outside. */
export interface OutsidePeer {
  readonly netns: string
  /** Of the namespace that is looked at. */
  readonly addresses: Readonly<Record<4 | 6, string>>
  close(): Promise<void>
}

/** Adds an interface to the namespace until it is closed. Throws 'child-failed' where there is one already, 'not-permitted'. */
export async function openOutsidePeer(netns: string, hasIpv6: boolean): Promise<OutsidePeer> {
  const fd = makeNetns()
  const far = `/proc/${process.pid}/fd/${fd}`
  const close = async (): Promise<void> => {
    await runInside(netns, 'ip', ['link', 'del', LINK])
    closeSync(fd)
  }
  try {
    await mustRunInside(netns, 'ip', ['link', 'add', LINK, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far])
    await setUp(netns, LINK, NEAR, hasIpv6)
    await setUp(far, 'eth0', FAR, hasIpv6)
  } catch (error) {
    await close()
    throw error
  }
  return { netns: far, addresses: NEAR, close }
}

async function setUp(netns: string, link: string, addresses: Readonly<Record<4 | 6, string>>, hasIpv6: boolean): Promise<void> {
  await mustRunInside(netns, 'ip', ['addr', 'add', `${addresses[4]}/30`, 'dev', link])
  if (hasIpv6) await mustRunInside(netns, 'ip', ['-6', 'addr', 'add', `${addresses[6]}/126`, 'dev', link, 'nodad'])
  await mustRunInside(netns, 'ip', ['link', 'set', link, 'up'])
}
