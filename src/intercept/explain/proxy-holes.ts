import { parseAddress } from '../../net/address.ts'
import { isLoopback } from '../netfilter/address-range.ts'
import { hex } from '../netfilter/match-reason.ts'
import type { Outcome } from '../netfilter/outcome.ts'
import { endText } from '../netfilter/packet-text.ts'
import { isLocal } from '../netfilter/world.ts'
import type { Socket } from '../netfilter/world.ts'
import type { Baseline } from './coverage-holes.ts'
import { isProxySocket } from './coverage-holes.ts'
import type { Hole } from './hole.ts'
import type { Exempt } from './identity-holes.ts'
import { isCaptured } from './probe.ts'
import type { Probe, Tried } from './probe.ts'
import type { Connection } from './subject.ts'

type Arrival = Extract<Outcome, { kind: 'arrives' }>

function captured(baseline: Baseline): Tried[] {
  return [...baseline.send.values(), ...baseline.receive.values()].filter(isCaptured)
}

/** Whom the rules do not exempt would be redirected to itself: whatever it is called, it cannot be the proxy. Where they exempt marks or nobody, only the name tells. */
function isImpostor(probe: Probe, { uid, pid }: Socket, { uids, gids }: Exempt): 'yes' | 'no' | 'unknown' {
  if (uids.size === 0 && gids.size === 0) return isProxySocket(probe, pid) ? 'no' : 'unknown'
  const gid = probe.subject.live?.processes.find((process) => process.pid === pid)?.gid
  return uids.has(uid) || gid !== undefined && gids.has(gid) ? 'no' : 'yes'
}

/** Point 7: who takes what is redirected. */
export function listenerHoles(probe: Probe, baseline: Baseline, exempt: Exempt): { holes: Hole[], notes: string[] } {
  const holes: Hole[] = []
  const notes = new Set<string>()
  for (const tried of captured(baseline)) {
    const { listener, port } = tried.outcome as Arrival
    if (listener === 'none') notes.add(`nobody listens on port ${port}, which traffic is redirected to: it is refused, nothing goes past`)
    if (typeof listener !== 'object') continue
    const who = `${listener.program ?? 'a process'} (uid ${listener.uid}) listens on port ${port}, which the rules redirect to`
    const verdict = isImpostor(probe, listener, exempt)
    if (verdict === 'unknown') notes.add(`${who}: whether it is the proxy the rules do not tell`)
    if (verdict === 'yes') holes.push(probe.hole('impostor', 'critical', `${who} and which belongs to the proxy`, 'end that process, and start the proxy before any app', tried))
  }
  for (const note of [...selfTargets(probe, baseline), ...lostAnswers(probe, baseline)]) notes.add(note)
  return { holes: holes.filter((hole, i) => holes.findIndex((one) => one.what === hole.what) === i), notes: [...notes] }
}

/** Of a connection to the proxy's own port that port is the original destination, too: a proxy that dials it dials itself. */
function selfTargets(probe: Probe, { receive }: Baseline): string[] {
  return [...receive.values()].filter(isCaptured).flatMap(({ packet, outcome }) => {
    const { port } = outcome as Arrival
    const itself = port === undefined ? undefined : probe.receive(packet.version, { destinationPort: port })
    return isCaptured(itself) && (itself.outcome as Arrival).port === port ? [`connections to port ${port} have that port as their original destination: the proxy has to close them, else it dials itself`] : []
  })
}

/** Point 6: what a proxy sends with the client's address is answered to the client, unless an ip rule keeps the mark inside. */
function lostAnswers(probe: Probe, { receive }: Baseline): string[] {
  const { world, netfilter } = probe.subject
  if (world.listeners === undefined || ![...receive.values()].some(({ outcome }) => outcome.kind === 'arrives' && outcome.how === 'tproxy')) return []
  const restored = netfilter.tables.flatMap((table) => [...table.chains.values()]).flatMap((chain) => chain.rules).filter(({ actions }) => actions.some(({ kind }) => kind === 'restore-mark'))
  const marks = new Set(restored.flatMap(({ matches }) => matches.flatMap((match) => match.kind === 'mark' && match.of === 'connection' && !match.not ? match.ranges.map(({ from }) => from) : [])))
  const lost = [...marks].filter((mark) => !world.policies.some((policy) => policy.mask !== 0 && policy.mark === ((mark & policy.mask) >>> 0)))
  return lost.map((mark) => `no ip rule looks for mark ${hex(mark)}: a proxy that dials the app with the client's address gets no answer`)
}

/**
 * Point 8: of a connection that is redirected the proxy holds the other end. An app's connection without one is older than the rules.
 * Holds for REDIRECT; with TPROXY the proxy may dial the app from the client's own address.
 */
export function olderFlows(probe: Probe, baseline: Baseline): Hole[] {
  const connections = probe.subject.live?.connections ?? []
  const out = [...baseline.send.values()].find((tried) => tried.outcome.kind === 'arrives' && tried.outcome.how === 'redirect')
  if (out === undefined) return []
  const { port } = out.outcome as Arrival
  const taken = new Set(connections.filter((one) => one.localPort === port).map((one) => `${one.remoteIp} ${one.remotePort}`))
  const holes: Hole[] = []
  for (const one of connections) {
    if (taken.has(`${one.localIp} ${one.localPort}`) || !isCaptured(again(probe, one))) continue
    holes.push(probe.hole('older-flow', 'high', `the connection ${one.localIp}:${one.localPort} to ${one.remoteIp}:${one.remotePort} of uid ${one.uid} goes past the proxy, although a new one would not`, 'restart the app, or end the connection: ss -K'))
  }
  return holes
}

/** The same connection, opened now. */
function again(probe: Probe, { remoteIp, remotePort, uid, localPort }: Connection): Tried | undefined {
  const destination = parseAddress(remoteIp.replace(/^::ffff:/, ''))
  if (destination === undefined || isLocal(probe.subject.world, destination) || isLoopback(destination)) return undefined
  // Of a connection that was accepted here the other side chose where to.
  if (probe.subject.world.listeners?.some((socket) => socket.protocol === 'tcp' && socket.port === localPort) !== false) return undefined
  return probe.send(destination.version, { destination, destinationPort: remotePort, uid, gid: uid })
}

/** Point 9: not a way around, and often what is asked next. */
export function localhostNotes(probe: Probe, baseline: Baseline): string[] {
  if (![...baseline.receive.values()].some(isCaptured)) return []
  const sockets = probe.subject.world.listeners ?? []
  const only = sockets.filter((socket) => socket.protocol === 'tcp' && isLoopback(socket.address) && !isProxySocket(probe, socket.pid))
  return only.map((socket) => `${socket.program ?? 'a process'} listens on ${endText(socket.address, socket.port)} only: a proxy that dials the address of the pod does not reach it`)
}
