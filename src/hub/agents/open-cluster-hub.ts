import { randomBytes } from 'node:crypto'
import type { Identity } from '../../identity/material.ts'
import { DEFAULT_REDACTION } from '../../protocols/redaction.ts'
import { Hub } from '../hub.ts'
import { isLoopback, listen } from '../open-hub.ts'
import { buildServer } from '../server.ts'
import { viewerFolder } from '../viewer-files.ts'
import { AgentActions } from './agent-actions.ts'
import { AgentFleet } from './agent-fleet.ts'
import { ClusterStore } from './cluster-store.ts'

export interface ClusterHubOptions {
  readonly title: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Needed by everybody where `host` is no loopback; made up where it is not given. */
  readonly token?: string
  readonly tls?: { readonly key: string, readonly cert: string }
  readonly replay: boolean
  /** Of the agents. */
  readonly agentId: string
  /** Whom the hub shows itself to them as; asked for each connection. */
  identity(): Identity
  say(text: string): void
  onBug(error: unknown): void
}

export interface OpenedClusterHub {
  readonly hub: Hub
  readonly fleet: AgentFleet
  readonly address: string
  readonly port: number
  close(): Promise<void>
}

/** The viewer and its API on the stores of agents: it keeps nothing. Throws MtlscopeError cannot-listen. */
export async function openClusterHub(options: ClusterHubOptions): Promise<OpenedClusterHub> {
  const { host, tls, agentId, identity, say } = options
  const token = options.token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'))
  const fleet = new AgentFleet({ agentId, identity, say })
  const store = new ClusterStore(fleet)
  const hub = new Hub(store, { kind: 'live', title: options.title, redaction: DEFAULT_REDACTION, replay: options.replay, cluster: new AgentActions(fleet) })
  hub.healthSource = () => fleet.health()
  const app = await buildServer(hub, { token, names: isLoopback(host) ? [] : [host.toLowerCase()], tls, viewer: viewerFolder(), onBug: (error) => options.onBug(error) })
  try {
    const port = await listen(app, host, options.port)
    const shown = host.includes(':') ? `[${host}]` : host
    return {
      hub, fleet, port, address: `${tls === undefined ? 'http' : 'https'}://${shown}:${port}/${token === undefined ? '' : `#token=${token}`}`,
      close: async () => {
        await app.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
