import { MtlscopeError } from '../../base/errors.ts'
import { callFailed } from '../../sys/errno.ts'
import { closeFd } from '../../sys/stream-socket.ts'
import type { HostPort, SidecarPlan } from '../sidecar-plan.ts'
import { hostPortText } from './policy.ts'
import { openListener, tryMark, trySpoof } from './socket-calls.ts'
import { parseSocketAddress } from './socket-address.ts'
import type { ListenerHandle, ListenerUse } from './thread-messages.ts'

/** Waiting connections; net.core.somaxconn cuts it. */
const BACKLOG = 4096

/** A listening socket that a plan asks for. Equal keys: the same socket will do. */
export interface ListenerPlan {
  readonly key: string
  readonly at: HostPort
  readonly transparent: boolean
  readonly use: ListenerUse
}

export function planListeners({ inbound, outbound }: SidecarPlan): ListenerPlan[] {
  const plans = (inbound?.listen ?? []).map((at) => planOne('inbound', inbound!.mode, at, { kind: 'inbound' }))
  if (outbound === undefined) return plans
  if (outbound.mode !== 'none') plans.push(...outbound.listen.map((at) => planOne('outbound', outbound.mode, at, { kind: 'outbound' })))
  plans.push(...outbound.map.map(({ listen }, index) => planOne('mapped', 'listen', listen, { kind: 'mapped', index })))
  return plans
}

function planOne(what: string, mode: string, at: HostPort, use: ListenerUse): ListenerPlan {
  return { key: `${what} ${mode} ${hostPortText(at)}`, at, transparent: mode === 'tproxy', use }
}

/**
 * Opens each socket once a thread; the threads own the descriptors. All or none: throws where one cannot be opened.
 * An address that another process has is found out although the sockets share it among themselves.
 */
export function openListeners(plans: readonly ListenerPlan[], threads: number): ListenerHandle[][] {
  const handles: ListenerHandle[][] = Array.from({ length: threads }, () => [])
  try {
    for (const plan of plans) {
      if (threads > 1) closeFd(openOne(plan, false, 0))
      for (const own of handles) own.push({ key: plan.key, use: plan.use, fd: openOne(plan, threads > 1, BACKLOG) })
    }
  } catch (error) {
    for (const { fd } of handles.flat()) closeFd(fd)
    throw error
  }
  return handles
}

/** Opens each for a moment, alone, for an engine that would share what another process listens on. Throws as `openListeners` does. */
export function tryListeners(plans: readonly ListenerPlan[]): void {
  for (const plan of plans) closeFd(openOne(plan, false, 0))
}

/**
 * Throws where this process may not open connections as the plan asks. Unmarked, they would be taken for the app's and come back for ever; without the
 * right to a caller's address each of them would fail, one by one.
 */
export function checkRights({ mark, inbound }: SidecarPlan): void {
  const unmarked = mark === undefined ? undefined : tryMark(mark)
  if (unmarked !== undefined) throw callFailed({ doing: `mark connections with ${mark}`, call: 'setsockopt', errno: unmarked, needs: 'CAP_NET_ADMIN' })
  const unspoofed = inbound?.source === 'caller' ? trySpoof() : undefined
  if (unspoofed !== undefined) throw callFailed({ doing: 'call the app with the address of its caller', call: 'setsockopt', errno: unspoofed, needs: 'CAP_NET_ADMIN' })
}

function openOne({ at, transparent }: ListenerPlan, shared: boolean, backlog: number): number {
  const address = parseSocketAddress(at.host, at.port)
  if (address === undefined) throw new MtlscopeError('usage', `a listener needs an address, not a name: ${at.host}`)
  const opened = openListener(address, { transparent, shared, backlog })
  if (typeof opened === 'number') return opened
  const where = hostPortText(at)
  throw callFailed({
    doing: `listen on ${where}`, call: 'bind', errno: opened, ...transparent ? { needs: 'CAP_NET_ADMIN' } : {}, hint: hintFor(opened, at.port), facts: { listen: where },
  })
}

function hintFor(errno: string, port: number): string | undefined {
  switch (errno) {
    case 'EADDRINUSE': return `another process listens there; try: ss -ltnp 'sport = :${port}'`
    case 'EADDRNOTAVAIL': return 'this machine does not have that address'
    case 'EACCES': return 'ports below 1024 need CAP_NET_BIND_SERVICE'
    default: return undefined
  }
}
