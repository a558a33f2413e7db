import * as sys from '../../sys/stream-socket.ts'
import type { Connection } from './connection.ts'
import { endConnection } from './ending.ts'
import type { Listener } from './listeners.ts'
import type { RelayLoop } from './loop.ts'
import { startClient } from './opening.ts'
import { acceptNext, localAddress, originalDestination, resetSocket } from './socket-calls.ts'
import type { SocketAddress } from './socket-address.ts'
import { sameAddress } from './socket-address.ts'
import { capturedTarget } from './target.ts'

/** So many a turn, so that a flood of callers does not starve those who are already there. */
const MAX_ACCEPTS = 32

/** Takes the connections that wait at a listener; level-triggered, so that what is left comes again. */
export function acceptWaiting(loop: RelayLoop, listener: Listener): void {
  for (let i = 0; i < MAX_ACCEPTS; i++) {
    const accepted = acceptNext(listener.fd)
    if (typeof accepted !== 'number') takeIn(loop, listener, accepted.fd, accepted.address)
    else if (accepted === sys.EMFILE || accepted === sys.ENFILE) return refuseForDescriptors(loop, listener)
    // Others are of connections that died while they waited.
    else if (accepted === sys.EAGAIN || accepted === sys.ENOMEM || accepted === sys.ENOBUFS) return
  }
}

/** Left waiting, the caller would hang and the listener would raise events for ever: the reserve takes it in to turn it away. */
function refuseForDescriptors(loop: RelayLoop, listener: Listener): void {
  loop.listeners.releaseReserve()
  const accepted = acceptNext(listener.fd)
  if (typeof accepted !== 'number') {
    resetSocket(accepted.fd)
    loop.report(loop.newConnection(directionOf(listener), accepted.address), 'descriptors')
  }
  if (!loop.listeners.takeReserve()) loop.listeners.pause(loop.nowMs)
}

function directionOf(listener: Listener): 'inbound' | 'outbound' {
  return listener.use.kind === 'inbound' ? 'inbound' : 'outbound'
}

function takeIn(loop: RelayLoop, listener: Listener, fd: number, address: SocketAddress): void {
  const connection = loop.newConnection(directionOf(listener), address)
  if (!loop.slots.take(loop.policy.plan.limits.connections)) {
    resetSocket(fd)
    loop.report(connection, 'limit')
    return
  }
  loop.remember(connection)
  connection.client.fd = fd
  if (!loop.legs.add(connection.client)) return endConnection(loop, connection, 'descriptors', 'epoll is full')
  if (listener.use.kind === 'mapped') openMapped(loop, connection, listener.use.index)
  else if (listener.use.kind === 'inbound') openInbound(loop, listener, connection)
  else openCaptured(loop, listener, connection)
}

function openMapped(loop: RelayLoop, connection: Connection, index: number): void {
  const target = loop.mappedTarget(index)
  if (target === undefined) return endConnection(loop, connection, 'unresolved', 'no longer in the plan')
  connection.target = target
  connection.security = 'mtls'
  loop.tunnels.callers.reach(connection)
}

function openInbound(loop: RelayLoop, listener: Listener, connection: Connection): void {
  const plan = loop.policy.plan.inbound
  if (plan === undefined) return endConnection(loop, connection, 'unresolved', 'no longer in the plan')
  if (plan.mode === 'listen') {
    connection.target = loop.inboundTarget()
    connection.mode = loop.policy.modeOf(plan.to?.port ?? 0)
  } else {
    const destination = destinationOf(listener, connection, plan.mode)
    if (destination === undefined || loop.ownPorts.has(destination.port)) return blackHole(loop, connection, destination)
    connection.destination = destination
    connection.target = capturedTarget(destination)
    connection.mode = loop.policy.modeOf(destination.port)
  }
  startClient(loop, connection)
}

function openCaptured(loop: RelayLoop, listener: Listener, connection: Connection): void {
  const plan = loop.policy.plan.outbound
  const destination = plan === undefined || plan.mode === 'none' ? undefined : destinationOf(listener, connection, plan.mode)
  if (destination === undefined) return blackHole(loop, connection, destination)
  connection.destination = destination
  const { action, identities, alpn } = loop.policy.outbound(destination)
  connection.target = capturedTarget(destination, identities, alpn)
  if (action === 'deny') return endConnection(loop, connection, 'destination-denied', 'outbound.default is deny')
  connection.security = action === 'mesh' ? 'mtls' : 'plaintext'
  loop.tunnels.callers.reach(connection)
}

/**
 * Where the client meant to go; undefined where that was the listener itself: a connection that no rule redirected, which would
 * come back to us for ever.
 */
function destinationOf(listener: Listener, connection: Connection, mode: 'redirect' | 'tproxy'): SocketAddress | undefined {
  const local = localAddress(connection.client.fd)
  if (local === undefined) return undefined
  if (mode === 'tproxy') return local.port === listener.port ? undefined : local
  const original = originalDestination(connection.client.fd, local.version)
  return original === undefined || sameAddress(original, local) ? undefined : original
}

function blackHole(loop: RelayLoop, connection: Connection, destination: SocketAddress | undefined): void {
  if (destination !== undefined) connection.destination = destination
  endConnection(loop, connection, 'self-call', 'its destination is the sidecar itself')
}
