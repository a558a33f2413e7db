import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { readNamespaceNames } from '../mesh/namespace-names.ts'
import type { LiveSource } from '../tap/control.ts'
import type { TapFlags } from './tap.ts'

const NETNS_DIR = '/run/netns'

/** The places that `-i`, `--pid` and `--netns` name. With the latter two `-i` chooses interfaces inside. */
export function planSources(flags: TapFlags): LiveSource[] {
  const interfaces = flags.interface ?? ['any']
  const inside = [
    ...(flags.netns ?? []).map((name) => netnsSource(name, interfaces)),
    ...(flags.pid ?? []).map((pid) => pidSource(flags.procfs, pid, interfaces)),
  ]
  if (inside.length > 0 || flags.interface === undefined || flags.mesh === true) return inside
  return [{ path: '', name: '', capture: 'pcap', interfaces }]
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

function pidSource(procfs: string, pid: string, interfaces: string[]): LiveSource {
  if (!/^[1-9]\d{0,9}$/.test(pid)) {
    throw new MtlscopeError('usage', `not a process number: ${pid}`, { hint: 'example: mtlscope tap --pid 4121' })
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

/** Returns a function to call now and then: it tells each process of `--pid` that has ended, once. */
export function watchPids(flags: TapFlags, ended: (pid: string) => void): () => void {
  const alive = new Set(flags.pid ?? [])
  return () => {
    for (const pid of alive) {
      if (existsSync(join(flags.procfs, pid))) continue
      alive.delete(pid)
      ended(pid)
    }
  }
}
