import { randomBytes } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import type { Health } from '../model/health.ts'
import type { Keep } from '../store/keep.ts'
import { openFolderStore } from './folder-store.ts'
import type { HubOptions } from './hub.ts'
import { Hub } from './hub.ts'
import { buildServer } from './server.ts'
import { viewerFolder } from './viewer-files.ts'

export const DEFAULT_PORT = 8899
export const DEFAULT_KEEP: Keep = { sizeBytes: 1024 ** 3, ageSeconds: 24 * 3600 }
/** Lines under way to the store beyond which more are given up: the capture never waits. */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024

export interface OpenHubOptions extends HubOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
  /** Needed by everybody where `host` is no loopback; made up where it is not given. */
  readonly token?: string
  readonly tls?: { readonly key: string, readonly cert: string }
  /** Stays when the program ends; default: a folder of this run. */
  readonly storeFolder?: string
  readonly keep?: Keep
  readonly health: () => Health
  readonly onBug: (error: unknown) => void
}

export interface OpenedHub {
  readonly hub: Hub
  /** To open in a browser; with the token where one is needed. */
  readonly address: string
  readonly port: number
  /** Where the store lies; packets may be kept there too. */
  readonly folder: string
  /** Takes lines of records. Never waits and never throws: what is too much is counted and given up. Settles when they are kept. */
  add(lines: Uint8Array, count: number): Promise<void>
  /** Browsers are let go, the store is closed and, if it was for this run, deleted. */
  close(): Promise<void>
}

/** A store, the API on it, and the viewer, listening. Throws MtlscopeError cannot-listen, cannot-write. */
export async function openHub(options: OpenHubOptions): Promise<OpenedHub> {
  const host = options.host ?? '127.0.0.1'
  const token = options.token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'))
  const kept = await openFolderStore(options.storeFolder, options.keep ?? DEFAULT_KEEP)
  try {
    kept.folder.handOver()
    const hub = new Hub(kept.store, options)
    hub.healthSource = options.health
    const app = await buildServer(hub, { token, names: isLoopback(host) ? [] : [host.toLowerCase()], tls: options.tls, viewer: viewerFolder(), onBug: options.onBug })
    const port = await listen(app, host, options.port)
    const shown = host.includes(':') ? `[${host}]` : host
    return {
      hub, port, folder: kept.folder.path, address: `${options.tls === undefined ? 'http' : 'https'}://${shown}:${port}/${token === undefined ? '' : `#token=${token}`}`,
      add: feeder(hub),
      close: async () => {
        await app.close()
        await kept.close()
      },
    }
  } catch (error) {
    await kept.close()
    throw error
  }
}

/** Lines into the store of a hub: never waits, never throws. */
export function feeder(hub: Hub): OpenedHub['add'] {
  let underWayBytes = 0
  return async (lines, count) => {
    if (underWayBytes > MAX_UNDER_WAY_BYTES) {
      hub.droppedLines += count
      return
    }
    underWayBytes += lines.length
    try {
      await hub.store.add(lines)
    } catch {
      hub.droppedLines += count
    } finally {
      underWayBytes -= lines.length
    }
  }
}

/** The port. Throws 'cannot-listen'; the server is closed then. */
export async function listen(app: Awaited<ReturnType<typeof buildServer>>, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    await app.close()
    throw new MtlscopeError('cannot-listen', `cannot listen on ${host} port ${port}: ${code ?? (error as Error).message}`, { hint: code === 'EADDRINUSE' ? 'take another port: --port 0 finds a free one' : undefined, cause: error })
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
