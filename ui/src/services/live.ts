import type { FilterProblem, HealthAnswer, LiveEvents, LiveQuery } from '../../../src/model/api.ts'
import { routeAddress } from './api.ts'
import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'

/** `live`: events come. `ended`: nothing more will. `lost`: the hub does not answer, and is asked again. */
export type Connection = 'connecting' | 'live' | 'ended' | 'lost'

export const connection: Cell<Connection> = createCell<Connection>('connecting')
/** The latest; undefined until the first. */
export const liveHealth: Cell<HealthAnswer | undefined> = createCell<HealthAnswer | undefined>(undefined)
/** Grows when the hub answers again after it was lost: whoever shows something of it asks anew. */
export const reconnections: Cell<number> = createCell(0)

export interface LiveListener {
  rows(event: LiveEvents['rows']): void
  skipped(event: LiveEvents['skipped']): void
  problem(problem: FilterProblem): void
  ended(): void
}

const RETRY_MS = 1500
/** Lets no message through: for what comes beside the messages, while the filter cannot be understood. */
const NOTHING = 'false'

/** Opens the stream of what comes in and passes the filter, hops joined or not. Call what it returns to close it. */
export function openLive({ q, hops }: Required<Pick<LiveQuery, 'q' | 'hops'>>, listener: LiveListener): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let wasLost = false
  let filter = q
  const open = (): void => {
    source = new EventSource(routeAddress('GET /api/v1/live', { q: filter, hops }))
    source.addEventListener('open', () => {
      connection.set('live')
      if (wasLost) reconnections.set(reconnections.get() + 1)
      wasLost = false
    })
    source.addEventListener('error', () => {
      connection.set('lost')
      wasLost = true
      // Of its own accord it only tries again after a broken connection, not after an error of HTTP.
      source?.close()
      clearTimeout(timer)
      timer = setTimeout(open, RETRY_MS)
    })
    listen(source, {
      ...listener,
      problem: (problem) => {
        listener.problem(problem)
        filter = NOTHING
        open()
      },
    })
  }
  connection.set('connecting')
  open()
  return () => {
    clearTimeout(timer)
    source?.close()
  }
}

function listen(source: EventSource, listener: LiveListener): void {
  const on = <K extends keyof LiveEvents>(name: K, take: (event: LiveEvents[K]) => void): void => {
    source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as LiveEvents[K]))
  }
  on('rows', (event) => listener.rows(event))
  on('skipped', (event) => listener.skipped(event))
  on('health', (event) => liveHealth.set(event))
  on('problem', (problem) => {
    source.close()
    listener.problem(problem)
  })
  on('end', () => {
    connection.set('ended')
    listener.ended()
  })
}
