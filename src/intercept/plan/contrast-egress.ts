import { isIPv4, isIPv6 } from 'node:net'
import { MtlscopeError } from '../../base/errors.ts'
import { contrastEntries, parseContrastPort } from './contrast-ingress.ts'

interface HostPort { readonly host: string, readonly port: number }

/** A listener on loopback that leads to one host by mutual TLS. */
export interface ContrastEgress { readonly listen: HostPort, readonly to: HostPort }

const MAX_PORT = 65_535

/** `name#127.x.y.z:port#host:port`, joined by `##`. Throws 'bad-config' with the message that Contrast has for it; an address that is there twice is an error, too. */
export function parseContrastEgress(text: string): ContrastEgress[] {
  const map = contrastEntries(text).map(([, listen, remote]) => ({ listen: parseListen(listen), to: parseRemote(remote) }))
  const doubled = map.find(({ listen }, i) => map.findIndex((other) => other.listen.host === listen.host && other.listen.port === listen.port) < i)
  if (doubled !== undefined) throw bad(`duplicate listen address: ${doubled.listen.host}:${doubled.listen.port}`, 'each entry needs an address of its own')
  return map
}

function parseListen(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  const isLiteral = match?.[1] === undefined ? isIPv4(host) : isIPv6(host)
  if (!isLiteral || !(port >= 1 && port <= MAX_PORT)) throw bad(`invalid listen address: ${text}`, 'an IP address and a port, such as 127.137.0.1:8080')
  if (!isIPv4(host) || !host.startsWith('127.')) throw bad(`listen address ${host} is not in local CIDR 127.0.0.1/8`, 'any address that begins with 127 will do')
  return { host, port }
}

function parseRemote(text: string): HostPort {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  // The value is missing in Contrast's message too; the hint has it.
  if (match === null || host === '') throw bad('invalid remote domain: ', `'${text}' is not a host and port, such as emoji-svc:8080`)
  const port = parseContrastPort(match[3]!)
  if (port === undefined) throw bad(`invalid remote port: ${match[3]}`, 'a number from 1 to 65535')
  return { host, port }
}

function bad(message: string, hint: string): MtlscopeError {
  return new MtlscopeError('bad-config', message, { hint })
}
