import { addRelayMetrics } from '../admin/relay-metrics.ts'
import { openRelay } from '../relay/relay.ts'
import type { RelayNotice } from '../relay/relay.ts'
import type { SidecarEngine } from './engine.ts'

/** The relay of this program, in threads of this process. */
export const relayEngine: SidecarEngine = {
  name: 'embedded',
  needsRestartFor: (before, after) => before.threads === after.threads ? [] : ['threads'],
  async start(plan, material, events) {
    const relay = openRelay(plan, material, {
      connections: (batch) => events.connections(batch),
      notice: (notice) => events.notice(noticeText(notice)),
      failed: (error) => events.failed(error),
    })
    return {
      ready: relay.ready,
      isServing: () => true,
      replaceIdentity: async (next) => relay.replaceIdentity(next),
      replacePlan: async (next) => relay.replacePlan(next),
      drain: (timeoutMs) => relay.drain(timeoutMs),
      close: () => relay.close(),
      connections: () => relay.connections(),
      tap: (tap) => {
        relay.tap(tap)
        return true
      },
      addMetrics: async (page) => addRelayMetrics(page, relay.metrics()),
      moreMetrics: async () => '',
    }
  },
}

function noticeText(notice: RelayNotice): string {
  if (notice.kind === 'groups-left-out') return `this OpenSSL does not know the key exchange group ${notice.groups.join(', ')}: left out`
  if (notice.kind === 'unresolved') return `cannot resolve ${notice.host}: ${notice.cause}; trying again`
  return `any workload of the mesh may answer for ${notice.destinations.join(', ')}: no identity is expected there`
}
