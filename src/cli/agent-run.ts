import { hostname } from 'node:os'
import { DEFAULT_KEEP } from '../hub/open-hub.ts'
import type { OpenedAgent } from '../hub/agents/open-agent.ts'
import { openAgent } from '../hub/agents/open-agent.ts'
import { PacketSegments } from '../hub/packet-segments.ts'
import type { Identity } from '../identity/material.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import type { AgentFlags } from './agent.ts'
import { interruptSignal } from './interrupt.ts'
import { openMeshIdentity, requireIdentityFlags, requireSpiffeId } from './mesh-identity.ts'
import { say, sayError, sayWarning } from './say.ts'
import { runTapLive } from './tap-live.ts'
import type { TapPlan } from './tap-plan.ts'
import { planTap } from './tap-plan.ts'
import { withDecodeAs, withSchemas } from './tap-run.ts'
import { UiOutput } from './ui-output.ts'

/** Of what may be kept, packets have this part: records are small. */
const PACKET_SHARE = 0.75

/** Nothing ends it but a signal, which is heard at once. */
const TICK_MS = 500

/** Runs `mtlscope agent` until it is stopped; resolves with the exit code. */
export async function runAgent(flags: AgentFlags): Promise<number> {
  requireSpiffeId('--hub-id', flags.hubId)
  requireIdentityFlags(flags)
  const plan = await planAgent(flags)
  const signal = interruptSignal()
  const stop = new AbortController()
  const keep = flags.keep ?? DEFAULT_KEEP
  const node = flags.node ?? process.env.NODE_NAME ?? hostname()
  const agent = await openAgent({
    node, storeFolder: flags.store, redaction: plan.settings.redaction, replay: flags.replay, onBug: (error) => console.error(error),
    keep: { ...keep, ...(keep.sizeBytes !== undefined && flags.packets && { sizeBytes: keep.sizeBytes * (1 - PACKET_SHARE) }) },
  })
  const segments = flags.packets ? new PacketSegments(agent.folder, (keep.sizeBytes ?? Number.MAX_SAFE_INTEGER) * PACKET_SHARE) : undefined
  if (segments !== undefined) agent.hub.packets = segments
  let failure: unknown
  // The capture does not wait for the CA: what is seen until it answers is kept.
  const answering = answer(agent, flags, node, AbortSignal.any([signal, stop.signal])).catch((error: unknown) => {
    failure = error
    stop.abort()
  })
  try {
    const code = await runTapLive({ ...plan, frames: flags.packets }, AbortSignal.any([signal, stop.signal]), () => new UiOutput(agent, segments, undefined, Infinity))
    if (failure !== undefined) throw failure
    return code
  } finally {
    stop.abort()
    await answering
    segments?.close()
    await agent.close()
    signal.dispose()
  }
}

/** As for the viewer: a record of everything, all pods of the node unless something else is named. */
async function planAgent(flags: AgentFlags): Promise<TapPlan> {
  const { port = [], notPort = [], host = [], listen } = flags
  const named = flags.namespace !== undefined || flags.mesh === true || flags.interface !== undefined || flags.netns !== undefined
  const plan = await withDecodeAs(await withSchemas(planTap({ ...flags, output: 'json', exceptOurs: true, ...(!named && { allNamespaces: true }) }, { stdout: false, colour: false })))
  return {
    ...plan, format: { kind: 'json', proof: true }, settings: { ...plan.settings, signatures: true, ciphertextTurns: 'as-answered' }, tickMs: TICK_MS, flowPrefix: `${Math.floor(Math.random() * 36 ** 6).toString(36)}.`,
    // What the hub asks would be captured, kept, and asked for.
    filter: parsePacketFilter({ ports: port, notPorts: [...notPort, ...(listen.port === 0 ? [] : [String(listen.port)])], hosts: host }),
  }
}

/** Gets a certificate, and answers the hub until the signal comes. Throws where there is no way to get one. */
async function answer(agent: OpenedAgent, flags: AgentFlags, node: string, signal: AbortSignal): Promise<void> {
  let replace: (identity: Identity) => void = () => {}
  const source = await openMeshIdentity(flags, () => readClusterAccess(flags).namespace, {
    changed: (identity) => {
      replace(identity)
      say(`certificate renewed, until ${new Date(identity.notAfterMs).toISOString()}`)
    },
    kept: (error) => {
      sayWarning('the certificate stays as it is')
      sayError(error)
    },
  })
  try {
    const identity = await Promise.race([source.first, ended(signal)])
    if (identity === undefined) return
    const { port, replaceIdentity } = await agent.listen({ host: flags.listen.host, port: flags.listen.port, identity, hubId: flags.hubId })
    replace = replaceIdentity
    say(`node ${node} answers ${flags.hubId} as ${identity.name} at ${flags.listen.host} port ${port}`)
    await ended(signal)
  } finally {
    source.close()
  }
}

async function ended(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
}
