import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { readNamespaceNames } from '../mesh/namespace-names.ts'
import type { LiveSource } from '../tap/control.ts'
import { namesPods } from './pod-flags.ts'
import type { TapFlags } from './tap.ts'

const NETNS_DIR = '/run/netns'
/** Of the network namespace that sysfs was mounted in, which is mostly this program's own. */
const INTERFACES_DIR = '/sys/class/net'

/** Where the flags of the command that was called are told. */
export function helpHint({ command = 'tap' }: TapFlags): string {
  return `see: mtlscope ${command} --help`
}

/** The places that `-i`, `--pid` and `--netns` name. With the latter two `-i` chooses interfaces inside. */
export function planSources(flags: TapFlags): LiveSource[] {
  refuseEmpty(flags)
  const interfaces = flags.interface ?? ['any']
  const inside = [
    ...(flags.netns ?? []).map((name) => netnsSource(name, interfaces)),
    ...(flags.pid ?? []).map((pid) => pidSource(flags, pid, interfaces)),
  ]
  if (inside.length > 0 || flags.interface === undefined || flags.mesh === true || namesPods(flags)) return inside
  return [{ path: '', name: '', capture: 'pcap', interfaces }]
}

/** `-i "$IFACE"` with a variable that is not set would capture nothing, for ever. */
function refuseEmpty(flags: TapFlags): void {
  const { interface: interfaces, netns, pid } = flags
  for (const [option, values] of [['-i', interfaces], ['--netns', netns], ['--pid', pid]] as const) {
    if (values?.length === 0) throw new MtlscopeError('usage', `${option} names nothing`, { hint: helpHint(flags) })
  }
}

function netnsSource(name: string, interfaces: string[]): LiveSource {
  const path = join(NETNS_DIR, name)
  if (name.includes('/') || name === '..' || !existsSync(path)) {
    const known = readNamespaceNames(NETNS_DIR)
    const near = nearestName(name, known)
    const list = known.length === 0 ? `there are none in ${NETNS_DIR}` : `there are: ${known.slice(0, 20).join(', ')}`
    throw new MtlscopeError('no-such-namespace', `no network namespace named ${name}`, {
      hint: near === undefined ? list : `did you mean ${near}? ${list}`, facts: { netns: name },
    })
  }
  return { path, name, capture: 'netns', interfaces }
}

function pidSource({ procfs, command = 'tap' }: TapFlags, pid: string, interfaces: string[]): LiveSource {
  if (!/^[1-9]\d{0,9}$/.test(pid)) {
    throw new MtlscopeError('usage', `not a process number: ${pid}`, { hint: `example: mtlscope ${command} --pid 4121` })
  }
  if (!existsSync(join(procfs, pid))) {
    throw new MtlscopeError('no-such-namespace', `no process has number ${pid}`, { hint: 'see: ps -e', facts: { pid: Number(pid) } })
  }
  return { path: join(procfs, pid, 'ns', 'net'), name: `${comm(procfs, pid)}-${pid}`, capture: 'netns', interfaces }
}

function comm(procfs: string, pid: string): string {
  try {
    return readFileSync(join(procfs, pid, 'comm'), 'utf8').trim()
  } catch {
    return 'pid'
  }
}

/**
 * Returns a function to call now and then: it tells, once each, what was named and is no longer there. What `interfacesDir`
 * never had is not missed: it may belong to another namespace than ours.
 */
export function watchSources(flags: TapFlags, gone: (text: string) => void, interfacesDir = INTERFACES_DIR): () => void {
  const watched = new Map<string, string>()
  for (const pid of flags.pid ?? []) watched.set(join(flags.procfs, pid), `pid ${pid} has ended; its namespace stays captured while others live in it`)
  for (const name of flags.netns ?? []) watched.set(join(NETNS_DIR, name), `namespace ${name} was deleted; it stays captured while processes live in it`)
  if (flags.pid === undefined && flags.netns === undefined) {
    for (const name of flags.interface ?? []) {
      const path = join(interfacesDir, name)
      if (existsSync(path)) watched.set(path, `interface ${name} is gone: no more packets come from it`)
    }
  }
  return () => {
    for (const [path, text] of watched) {
      if (existsSync(path)) continue
      watched.delete(path)
      gone(text)
    }
  }
}
