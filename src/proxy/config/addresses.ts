import { isIPv4, isIPv6 } from 'node:net'
import { parsePrefix } from '../../net/prefix.ts'
import type { Destination, HostPort } from '../sidecar-plan.ts'

export const MAX_PORT = 65_535

/** `cart:8080`, `10.1.2.3:8080`, `[fd00::1]:8080`; undefined where host or port is none. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || !isPort(port)) return undefined
  if (match[1] !== undefined) return isIPv6(match[1]) ? { host: match[1], port } : undefined
  return { host: match[2]!, port }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= MAX_PORT
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function isAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host)
}

/** Undefined where it is none; `*` is every address of both families, hence two. */
export function parseDestinations(text: string): Destination[] | undefined {
  const match = /^(?:\[([^\]]+)\]|([\d./]+|\*))(?::(\d+)(?:-(\d+))?)?$/.exec(text) ?? /^()([\da-fA-F:.]+(?:\/\d+)?)$/.exec(text)
  if (match === null) return undefined
  const network = match[1] || match[2]!
  const fromPort = match[3] === undefined ? 1 : Number(match[3])
  const toPort = Number(match[4] ?? match[3] ?? MAX_PORT)
  if (!isPort(fromPort) || !isPort(toPort) || toPort < fromPort) return undefined
  if (network === '*') return ['0.0.0.0/0', '::/0'].map((all) => ({ network: all, fromPort, toPort }))
  return parsePrefix(network) === undefined ? undefined : [{ network, fromPort, toPort }]
}

export function formatDestination({ network, fromPort, toPort }: Destination): string {
  const where = network.includes(':') ? `[${network}]` : network
  if (fromPort === 1 && toPort === MAX_PORT) return where
  return `${where}:${fromPort}${fromPort === toPort ? '' : `-${toPort}`}`
}
