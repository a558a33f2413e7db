import { createInterface } from 'node:readline/promises'
import type { Confirm } from '../check/probe/consent.ts'
import { probeServers } from '../check/probe/probe-servers.ts'
import type { Ledger } from '../check/ledger.ts'
import type { Edge } from '../check/edge.ts'
import type { ProbeResult, ProbeTarget } from '../check/verdict.ts'
import type { ProxyPass } from '../sys/tcp-connect.ts'
import type { CheckPlaces, Places } from './check-places.ts'
import { ownAddresses } from './check-places.ts'
import { say, sayWarning } from './say.ts'

/** More servers than these would take minutes. */
const MAX_TARGETS = 500
/** Of one port. */
const MAX_NAMES = 8

/** `--probe`: every server port that was seen, from the namespace of a client of it. */
export async function probeEdges(ledger: Ledger, places: CheckPlaces, agreed: boolean, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const targets = planTargets([...ledger.edges.values()], places)
  if (targets.length === 0) return []
  say(`probing ${targets.length} server ${targets.length === 1 ? 'port' : 'ports'}`)
  return await probeTargets(targets, places, ownAddresses(), (addresses) => agreed || askForConsent(addresses), signal)
}

/** `own`: addresses that need no consent, beside those of the places. */
export async function probeTargets(targets: readonly ProbeTarget[], places: CheckPlaces, own: Set<string>, confirm: Confirm, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const passes = new Map<string, ProxyPass>()
  for (const name of places.names) {
    const facts = await places.read(name)
    for (const address of facts?.addresses ?? []) own.add(address)
    const [uid] = facts?.proxyUids ?? []
    if (facts !== undefined) passes.set(facts.path, { uid, mark: facts.proxyMark })
  }
  return await probeServers(targets, { signal, isOwn: (ip) => own.has(ip), passOf: (path) => passes.get(path), confirm })
}

/** Each server that was seen, under each name that was asked for. */
export function planTargets(edges: readonly Edge[], places: Places): ProbeTarget[] {
  const targets = new Map<string, ProbeTarget>()
  for (const edge of edges) {
    for (const ip of edge.serverIps) {
      for (const sni of namesOf(edge)) {
        const key = `${ip} ${edge.port} ${sni ?? ''}`
        if (targets.has(key)) continue
        if (targets.size === MAX_TARGETS) {
          sayWarning(`more than ${MAX_TARGETS} servers were seen: the others are not probed`)
          return [...targets.values()]
        }
        targets.set(key, targetOf(edge, ip, sni, clientPath(edge, places)))
      }
    }
  }
  return [...targets.values()]
}

/** What is known to be plaintext needs no asking; of what was joined late no name is known. */
function namesOf({ asked = [undefined], connections }: Edge): readonly (string | undefined)[] {
  if (asked.length === 0) return connections.unknown === undefined ? [] : [undefined]
  return asked.slice(0, MAX_NAMES)
}

function targetOf(edge: Edge, ip: string, sni: string | undefined, netnsPath: string | undefined): ProbeTarget {
  const { port, tls, late, offeredAlpn = [] } = edge
  return { ip, port, tls: tls !== undefined || late > 0, ...(netnsPath !== undefined && { netnsPath }), ...(sni !== undefined && { sni }), ...(offeredAlpn.length > 0 && { alpn: offeredAlpn }) }
}

/**
 * A namespace of a client, so that the way is the one that clients go; that of the server only where no other is known. Never this program's own
 * in its place: an address of a pod may be somebody else's there.
 */
function clientPath(edge: Edge, places: Places): string | undefined {
  const names = [...edge.namespaces]
  // Where an address is translated on the way, only the server's namespace sees the one that it has itself.
  const client = edge.client !== '' && places.pathOf(edge.client) !== undefined ? edge.client : undefined
  const name = client ?? names.find((one) => one !== edge.server) ?? names[0]
  return name === undefined ? undefined : places.pathOf(name)
}

export async function askForConsent(addresses: readonly string[]): Promise<boolean> {
  if (process.stdin.isTTY !== true) {
    sayWarning(`not probed: ${addresses.length} addresses that are not of this machine (--yes)`)
    return false
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`mtlscope: these addresses are not of this machine: ${addresses.slice(0, 20).join(', ')}${addresses.length > 20 ? ', …' : ''}\nmtlscope: probe them? [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
