import { closeSync, readFileSync, readdirSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import type { Capability } from './capabilities.ts'
import { readCapabilities } from './capabilities.ts'
import type { Check, CheckFields } from './check.ts'
import { absent, failed, ok } from './check.ts'
import { listInterfaces } from './interfaces.ts'
import { makeNetns, netnsInode, withNetns } from './netns.ts'
import { openRing } from './packet-ring.ts'

const AS_ROOT = 'sudo mtlscope …, or for a container:'
const FOR_TAP = `${AS_ROOT} --cap-add NET_RAW --cap-add SYS_ADMIN --cap-add SYS_PTRACE`

const PURPOSES: readonly (readonly [Capability, string, needed: boolean])[] = [
  ['CAP_NET_RAW', 'packet rings', true],
  ['CAP_SYS_ADMIN', 'entering network namespaces', true],
  ['CAP_SYS_PTRACE', 'namespaces of other users\' processes', true],
  ['CAP_DAC_READ_SEARCH', 'their environment, for names', false],
  ['CAP_NET_ADMIN', 'reading and setting rules: explain, init', false],
]

export function probeRights(): Check[] {
  const rights = readCapabilities()
  return [...PURPOSES.map(([name, purpose, needed]) => capability(name, purpose, needed, rights)), packetRing(), enterNamespace(), otherProcesses(rights), hiddenProcesses(rights)]
}

/** Whether one right is effective, and what gives it. */
export function capability(name: Capability, purpose: string, needed: boolean, rights: ReadonlySet<Capability>): Check {
  const fields = { name: name.toLowerCase().replaceAll('_', '-'), group: needed ? 'tap' as const : 'optional' as const, purpose }
  if (rights.has(name)) return ok({ ...fields, found: 'effective' })
  const found = 'not effective'
  return needed ? failed({ ...fields, found, fix: FOR_TAP }) : absent({ ...fields, found, fix: `${AS_ROOT} --cap-add ${name.slice('CAP_'.length)}` })
}

function packetRing(): Check {
  const fields = { name: 'packet-ring', group: 'tap' as const, required: true, purpose: 'live capture' }
  return attempt(fields, () => {
    const loopback = listInterfaces().find((i) => i.loopback)
    const ring = openRing({ ifindex: loopback?.index ?? 0, blockSizeBytes: 64 * 1024, blockCount: 2 })
    ring.close()
    return `opened on ${loopback?.name ?? 'every interface'} (TPACKET_V3)`
  })
}

/** Makes a namespace for this thread alone, goes home, and enters it again as `tap` would. */
function enterNamespace(): Check {
  const fields = { name: 'enter-namespace', group: 'tap' as const, required: true, purpose: '--mesh, --pid, --netns' }
  return attempt(fields, () => {
    const fresh = makeNetns()
    try {
      const inside = withNetns(fresh, () => netnsInode('/proc/thread-self/ns/net'))
      if (inside === netnsInode('/proc/thread-self/ns/net')) throw new MtlscopeError('system-call', 'setns had no effect')
      return 'entered a fresh one, and left it'
    } finally {
      closeSync(fresh)
    }
  })
}

/** The first step of finding proxies; procfs refuses it for processes that have more rights than this one. */
function otherProcesses(rights: ReadonlySet<Capability>): Check {
  const fields = { name: 'other-processes', group: 'tap' as const, purpose: 'finding the namespaces of proxies' }
  const { readable, refused } = countNamespaces()
  const total = readable + refused.length
  if (refused.length === 0) return ok({ ...fields, found: `the namespaces of all ${total} can be read` })
  const found = `${readable} of ${total} can be read, not ${refused.slice(0, 3).map((pid) => `pid ${pid}`).join(', ')}${refused.length > 3 ? ', …' : ''}`
  return rights.has('CAP_SYS_PTRACE')
    ? absent({ ...fields, found, fix: 'the others have more rights than this process: run it outside the container, or with all capabilities' })
    : failed({ ...fields, found, fix: FOR_TAP })
}

function countNamespaces(): { readable: number, refused: string[] } {
  let readable = 0
  const refused: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      netnsInode(`/proc/${pid}/ns/net`)
      readable++
    } catch (error) {
      // A process that has ended meanwhile counts neither way.
      if (error instanceof MtlscopeError && error.code === 'not-permitted') refused.push(pid)
    }
  }
  return { readable, refused }
}

function attempt(fields: Omit<CheckFields, 'found'>, trial: () => string): Check {
  try {
    return ok({ ...fields, found: trial() })
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    return failed({ ...fields, found: error.message, fix: FOR_TAP })
  }
}

function hiddenProcesses(rights: ReadonlySet<Capability>): Check {
  const fields = { name: 'hidepid', group: 'tap' as const, purpose: 'seeing other users\' processes' }
  const value = parseHidepid(readFileSync('/proc/self/mountinfo', 'utf8'))
  if (value === undefined) return ok({ ...fields, found: 'procfs hides no processes' })
  const found = `procfs is mounted with hidepid=${value}`
  return rights.has('CAP_SYS_PTRACE') ? ok({ ...fields, found: `${found}, CAP_SYS_PTRACE sees through it` })
    : failed({ ...fields, found, fix: 'sudo mount -o remount,hidepid=0 /proc' })
}

/** The hidepid option of the procfs at /proc, from /proc/self/mountinfo (proc(5)); undefined where nothing is hidden. */
export function parseHidepid(mountinfo: string): string | undefined {
  const line = mountinfo.split('\n').filter((l) => l.split(' ')[4] === '/proc').at(-1) ?? ''
  const value = /\bhidepid=(\w+)/.exec(line)?.[1]
  return value === '0' || value === 'off' ? undefined : value
}
