import { hex } from '../netfilter/match-reason.ts'
import type { Hole } from './hole.ts'
import type { Baseline } from './coverage-holes.ts'
import { isOpen } from './probe.ts'
import type { Outgoing, Probe, Tried } from './probe.ts'
import type { LiveProcess } from './subject.ts'

const MAX_NAMED = 8

/** Who may leave while an ordinary process may not. */
export interface Exempt { readonly uids: ReadonlyMap<number, Tried>, readonly gids: ReadonlyMap<number, Tried>, readonly marks: ReadonlyMap<number, Tried> }

export function findExempt(probe: Probe, { send }: Baseline): Exempt {
  const versions = [...send].filter(([, tried]) => !isOpen(tried)).map(([version]) => version)
  const open = (change: Outgoing): Tried | undefined => versions.map((version) => probe.send(version, change)).find(isOpen)
  const all = (values: Iterable<number>, change: (value: number) => Outgoing): Map<number, Tried> => {
    const found = new Map<number, Tried>()
    for (const value of values) {
      const tried = open(change(value))
      if (tried !== undefined) found.set(value, tried)
    }
    return found
  }
  return {
    uids: all([...probe.mentions.uids, 0], (uid) => ({ uid })), gids: all([...probe.mentions.gids, 0], (gid) => ({ gid })),
    marks: all([...probe.mentions.marks].filter((mark) => mark !== 0), (mark) => ({ mark })),
  }
}

/** Ids that the proxy runs under: of live ones what they have, else what the mesh has by default, else the only one that is exempted. */
export function proxyIds(probe: Probe, exempt: Exempt): ReadonlySet<number> {
  const running = probe.subject.live?.processes.filter((process) => process.isProxy) ?? []
  if (running.length > 0) return new Set(running.flatMap(({ uid, gid }) => [uid, gid]))
  const usual = (probe.subject.mesh?.proxyIds ?? []).filter((id) => exempt.uids.has(id) || exempt.gids.has(id))
  if (usual.length > 0) return new Set(usual)
  const uids = [...exempt.uids.keys()].filter((id) => id !== 0)
  return new Set(uids.length === 1 ? uids : [])
}

/** Point 1. */
export function identityHoles(probe: Probe, baseline: Baseline, exempt: Exempt): Hole[] {
  const own = proxyIds(probe, exempt)
  const holes: Hole[] = []
  for (const [who, found] of [['uid', exempt.uids], ['gid', exempt.gids]] as const) {
    for (const [id, tried] of found) {
      if (!own.has(id)) holes.push(probe.hole('exempt-identity', id === 0 ? 'critical' : 'high', `${who} ${id} is not intercepted${id === 0 ? ', and whoever is root is it' : ', and it is not the proxy\'s'}`, `take the exemption of ${who} ${id} away, or run the proxy under it and nothing else`, tried))
    }
  }
  for (const [mark, tried] of exempt.marks) {
    if (probe.subject.mesh?.proxyMarks.includes(mark) !== true) holes.push(probe.hole('exempt-mark', 'low', `packets with mark ${hex(mark)} are not intercepted; CAP_NET_ADMIN or CAP_NET_RAW is enough to set it`, 'take the exemption away, or the capabilities from the apps', tried))
  }
  return [...holes, ...appsUnder(probe, baseline)]
}

/** Processes that are there, by their own ids. */
function appsUnder(probe: Probe, { send }: Baseline): Hole[] {
  const groups = new Map<string, LiveProcess[]>()
  for (const process of probe.subject.live?.processes ?? []) {
    if (process.isProxy) continue
    const key = `${process.uid} ${process.gid}`
    groups.set(key, [...groups.get(key) ?? [], process])
  }
  const versions = [...send].filter(([, tried]) => !isOpen(tried)).map(([version]) => version)
  const holes: Hole[] = []
  for (const members of groups.values()) {
    const { uid, gid } = members[0]!
    const tried = versions.map((version) => probe.send(version, { uid, gid })).find(isOpen)
    if (tried !== undefined) holes.push(probe.hole('app-under-exempt-identity', 'critical', `${named(members)} ${members.length === 1 ? 'runs' : 'run'} under uid ${uid} gid ${gid}, which is not intercepted`, 'run the app under another user (runAsUser, runAsGroup) than the proxy', tried))
  }
  return holes
}

export function named(processes: readonly LiveProcess[]): string {
  const shown = processes.slice(0, MAX_NAMED).map(({ program, pid }) => `${program} (pid ${pid})`).join(', ')
  return processes.length > MAX_NAMED ? `${shown} and ${processes.length - MAX_NAMED} more` : shown
}
