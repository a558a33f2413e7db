import type { CloseReason, FinishedConnection, Security } from '../../relay/connection-report.ts'
import type { PortMode } from '../../sidecar-plan.ts'
import { extension } from './json.ts'
import type { JsonObject } from './json.ts'

/** What marks our lines on Envoy's standard output. */
const MARK = 'mtlscope'

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage; of the listener, so that refused handshakes are told too. */
export function accessLog(direction: 'inbound' | 'outbound'): JsonObject {
  return extension('envoy.access_loggers.stdout', 'access_loggers.stream.v3.StdoutAccessLog', {
    log_format: {
      json_format: {
        [MARK]: direction, start: '%START_TIME(%s.%3f)%', ms: '%DURATION%', sent: '%BYTES_RECEIVED%', received: '%BYTES_SENT%',
        client: '%DOWNSTREAM_REMOTE_ADDRESS%', destination: '%DOWNSTREAM_LOCAL_ADDRESS%', upstream: '%UPSTREAM_HOST%', chain: '%FILTER_CHAIN_NAME%',
        clientName: '%DOWNSTREAM_PEER_URI_SAN%', clientDns: '%DOWNSTREAM_PEER_DNS_SAN%', ownName: '%DOWNSTREAM_LOCAL_URI_SAN%', ownServerName: '%UPSTREAM_LOCAL_URI_SAN%',
        serverName: '%UPSTREAM_PEER_URI_SAN%', serverDns: '%UPSTREAM_PEER_DNS_SAN%',
        tlsIn: '%DOWNSTREAM_TLS_VERSION%', tlsOut: '%UPSTREAM_TLS_VERSION%', flags: '%RESPONSE_FLAGS%', closed: '%DOWNSTREAM_LOCAL_CLOSE_REASON%', details: '%CONNECTION_TERMINATION_DETAILS%',
        tlsInFailure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%', tlsOutFailure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
      },
    },
  })
}

/** Filter chain names that the configuration gives a meaning; `inbound:mtls:8080` otherwise starts with direction and mode. */
export const BLACK_HOLE = 'self-call'
export const DENIED = 'denied'

type Fields = Readonly<Record<string, unknown>>

let lastId = 0

/** Undefined for a line that is none of ours. */
export function parseAccessLine(line: string): FinishedConnection | undefined {
  if (!line.startsWith('{') || !line.includes(`"${MARK}":`)) return undefined
  let fields: Fields
  try {
    fields = JSON.parse(line) as Fields
  } catch {
    return undefined
  }
  const direction = fields[MARK] === 'inbound' ? 'inbound' : 'outbound'
  const chain = text(fields.chain) ?? ''
  const tlsVersion = text(direction === 'inbound' ? fields.tlsIn : fields.tlsOut)
  const clientIdentity = direction === 'inbound' ? text(fields.clientName) ?? text(fields.clientDns) : text(fields.ownServerName)
  const isHalf = direction === 'inbound' && isHalfHandshake(fields, chain, clientIdentity)
  const reason = isHalf ? 'handshake-failed' : reasonOf(fields, chain)
  return {
    id: ++lastId, direction, mode: direction === 'inbound' ? modeOf(chain) : undefined,
    security: securityOf(chain, tlsVersion, direction === 'outbound' || clientIdentity !== undefined, reason),
    client: text(fields.client) ?? '', destination: text(fields.upstream) ?? text(fields.destination) ?? '',
    clientIdentity, serverIdentity: direction === 'inbound' ? text(fields.ownName) : text(fields.serverName) ?? text(fields.serverDns),
    bytesSent: Number(fields.sent ?? 0), bytesReceived: Number(fields.received ?? 0),
    openedAtMs: Math.round(Number(fields.start ?? 0) * 1000), durationMs: Number(fields.ms ?? 0),
    tlsVersion, resumed: false, reason, detail: isHalf ? 'the client ended in the middle of the handshake' : failureOf(fields, chain) ?? text(fields.details) ?? '',
  }
}

/** To Envoy a client that leaves before the handshake is over is one that ends in order. The app was not called then, and a client certificate is not known. */
function isHalfHandshake(fields: Fields, chain: string, clientIdentity: string | undefined): boolean {
  if (!isTls(chain) || text(fields.upstream) !== undefined || clientIdentity !== undefined) return false
  const reason = reasonOf(fields, chain)
  return reason === 'finished' || reason === 'client-reset'
}

/** `UF,URX`: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#config-access-log-format-response-flags */
function reasonOf(fields: Fields, chain: string): CloseReason {
  const flags = (text(fields.flags) ?? '').split(',')
  if (chain === BLACK_HOLE) return 'self-call'
  if (chain === DENIED) return 'destination-denied'
  const failure = failureOf(fields, chain)
  if (failure !== undefined && /connect_error/.test(failure)) return /refused/.test(failure) ? 'connect-refused' : 'connect-failed'
  if (failure !== undefined) return /SAN matcher|verify SAN|SAN/.test(failure) ? 'identity-refused' : 'handshake-failed'
  if (/transport_socket_timeout|transport socket timeout/.test(text(fields.details) ?? '')) return 'handshake-timeout'
  if (flags.includes('UO') || /overload|connection_limit/.test(text(fields.details) ?? '')) return 'limit'
  if (flags.includes('UF')) return 'connect-failed'
  if (flags.includes('UH')) return 'unresolved'
  if (text(fields.closed) === 'tcp_session_idle_timeout') return 'idle'
  if (flags.includes('DR')) return 'client-reset'
  if (flags.includes('UR') || flags.includes('UC')) return 'server-reset'
  return 'finished'
}

function failureOf(fields: Fields, chain: string): string | undefined {
  // What tls_inspector found not to be TLS is written down as a failure too.
  return (isTls(chain) ? text(fields.tlsInFailure) : undefined) ?? text(fields.tlsOutFailure)
}

/** Undefined where it did not come so far. */
function securityOf(chain: string, tlsVersion: string | undefined, isMutual: boolean, reason: CloseReason): Security | undefined {
  if (reason === 'handshake-failed' || reason === 'identity-refused' || reason === 'handshake-timeout' || reason === 'self-call' || reason === 'destination-denied') return undefined
  if (tlsVersion === undefined) return isTls(chain) ? undefined : 'plaintext'
  return isMutual ? 'mtls' : 'tls'
}

function modeOf(chain: string): PortMode | undefined {
  const mode = chain.split(':')[1]
  return mode === 'mtls' || mode === 'tls' || mode === 'permissive' || mode === 'plaintext' ? mode : undefined
}

function isTls(chain: string): boolean {
  const words = chain.split(':')
  return !words.includes('plaintext') && !words.includes('passthrough')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined
}
