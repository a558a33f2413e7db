import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../../base/errors.ts'
import type { RouteFamily } from './route-table.ts'
import { findWayOut } from './way-out.ts'

const FAMILIES: readonly RouteFamily[] = [4, 6]
/** Discard (RFC 863), which is served by nobody. */
const DEAD_PORT = 9
const LOOPBACK = ['127.0.0.1', '::1']
const ATTEMPT_MS = 1000
const PAUSE_MS = 200

type Led = 'here' | 'away' | 'nowhere'

/**
 * Waits until what an app sends is led to the proxy's port, which must be free: this listens there in its place, and calls an address that nobody has. Needs
 * no right, so it tells what somebody else has set. Rules are set whole or not at all, so what holds for calls holds for what comes in. Throws 'rules-missing'
 * after `timeoutMs`, 'cannot-listen'.
 */
export async function awaitRules(outboundPort: number, timeoutMs: number): Promise<void> {
  const token = randomBytes(16).toString('hex')
  const servers = await listenInPlace(outboundPort, token)
  try {
    for (const endMs = performance.now() + timeoutMs; !await holds(token); await sleep(PAUSE_MS)) {
      if (performance.now() < endMs) continue
      throw new MtlscopeError('rules-missing', `no rules lead connections to port ${outboundPort} within ${timeoutMs / 1000} s`, { hint: 'does mtlscope node-rules run on this node? see its log', facts: { port: outboundPort } })
    }
  } finally {
    for (const server of servers) server.close()
  }
}

async function listenInPlace(port: number, token: string): Promise<net.Server[]> {
  const servers = await Promise.all(LOOPBACK.map((host) => listen(host, port, token)))
  return servers.filter((server) => server !== undefined)
}

/** Undefined where the namespace has no such family. */
async function listen(host: string, port: number, token: string): Promise<net.Server | undefined> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.resume().end(token)
  })
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(undefined)
      else reject(new MtlscopeError('cannot-listen', `cannot listen on ${host} port ${port}: ${error.code}`, { facts: { host, port }, cause: error }))
    })
    server.listen({ host, port }, () => resolve(server))
  })
}

/** A family without a way out leads nowhere at all; one has to lead here. */
async function holds(token: string): Promise<boolean> {
  const led = await Promise.all(FAMILIES.map((family) => follow(family, token)))
  return led.includes('here') && !led.includes('away')
}

async function follow(family: RouteFamily, token: string): Promise<Led> {
  const way = await findWayOut(family)
  if (typeof way === 'string') return way === 'none' ? 'nowhere' : 'away'
  return await new Promise((resolve) => {
    let said = ''
    let led: Led = 'away'
    const socket = net.connect({ host: way.address, port: DEAD_PORT, ...way.from !== undefined && { localAddress: way.from } })
    const timer = setTimeout(() => socket.destroy(), ATTEMPT_MS)
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text
      if (said === token) led = 'here'
      if (said.length >= token.length) socket.destroy()
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(led)
    })
  })
}
