import type { Identity } from '../../identity/material.ts'
import { emptyHealth } from '../../model/health.ts'
import type { RedactionRules } from '../../protocols/redaction.ts'
import type { Keep } from '../../store/keep.ts'
import { openFolderStore } from '../folder-store.ts'
import { Hub } from '../hub.ts'
import type { OpenedHub } from '../open-hub.ts'
import { feeder, listen } from '../open-hub.ts'
import { takeTurns } from '../turn-lines.ts'
import type { AgentServer } from './agent-server.ts'
import { buildAgentServer } from './agent-server.ts'

export interface OpenAgentOptions {
  /** Of this machine, for people. */
  readonly node: string
  /** Stays; what is there from before is opened again. Default: a folder of this run. */
  readonly storeFolder?: string
  readonly keep: Keep
  readonly redaction: RedactionRules
  readonly replay: boolean
  readonly onBug: (error: unknown) => void
}

/** Where it listens: `port` 0 for any that is free; `hubId`: SPIFFE id of the only one who may ask. */
export interface AgentListening { readonly host: string, readonly port: number, readonly identity: Identity, readonly hubId: string }

export interface OpenedAgent extends Pick<OpenedHub, 'hub' | 'folder' | 'add' | 'close'> {
  /** Once; nobody is answered before. Throws 'cannot-listen'. */
  listen(where: AgentListening): Promise<{ readonly port: number, replaceIdentity: AgentServer['replaceIdentity'] }>
}

/** A store that stays, and its API for the hub of the cluster. Throws MtlscopeError cannot-write. */
export async function openAgent(options: OpenAgentOptions): Promise<OpenedAgent> {
  const { node, keep, redaction, replay, onBug } = options
  const kept = await openFolderStore(options.storeFolder, keep)
  const hub = new Hub(kept.store, { kind: 'live', title: node, redaction, replay })
  hub.healthSource = emptyHealth
  let server: AgentServer | undefined
  const feed = feeder(hub)
  return {
    hub, folder: kept.folder.path,
    add: (lines, count) => {
      const { rest, turns } = takeTurns(lines)
      if (turns.length > 0) hub.joined.addTurns(turns)
      return rest.length === 0 ? Promise.resolve() : feed(rest, count - turns.length)
    },
    listen: async ({ host, port, identity, hubId }) => {
      const opened = server = await buildAgentServer({ hub, store: kept.store, node, identity, hubId, onBug })
      return { port: await listen(opened.app, host, port), replaceIdentity: opened.replaceIdentity }
    },
    close: async () => {
      await server?.app.close()
      await kept.close()
    },
  }
}
