import { createServer as createTcpServer, connect as connectTcp } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect as connectTls, createSecureContext, createServer as createTlsServer } from 'node:tls'
import type { ConnectionOptions, PeerCertificate, SecureContextOptions } from 'node:tls'
import { join } from './join.ts'
import { KEY_EXCHANGE_GROUPS, SIDECAR_ALPN } from './sidecar-config.ts'
import type { Address, Inbound, Outbound } from './sidecar-config.ts'

/** PEM texts. */
export interface RelayIdentity { certificate: string, privateKey: string, root: string }

const CONNECT_TIMEOUT_MS = 10_000

/** Clear in on a loopback listener, mTLS out. Resolves when it accepts. */
export function openOutbound(outbound: Outbound, identity: RelayIdentity): Promise<Server> {
  // allowHalfOpen is documented for tls.connect, and missing in its types.
  const options: ConnectionOptions & { allowHalfOpen: true } = {
    ...tlsOptions(identity), host: outbound.connect.ip, port: outbound.connect.port, allowHalfOpen: true,
    servername: outbound.name, ALPNProtocols: [SIDECAR_ALPN],
    checkServerIdentity: (_host, certificate) => wrongIdentity(certificate, [outbound.serverId]),
  }
  const server = createTcpServer({ allowHalfOpen: true }, (app) => {
    const wire = connectTls(options)
    limitConnect(wire, 'secureConnect')
    join(app, wire)
  })
  return listening(server, outbound.listen)
}

/** mTLS in on the workload's address, clear out to the app. A client without a certificate of the root is refused. */
export function openInbound(inbound: Inbound, identity: RelayIdentity): Promise<Server> {
  const server = createTlsServer({
    ...tlsOptions(identity), requestCert: true, rejectUnauthorized: true, ALPNProtocols: [SIDECAR_ALPN],
    allowHalfOpen: true, handshakeTimeout: CONNECT_TIMEOUT_MS,
  })
  server.on('secureConnection', (wire) => {
    if (wrongIdentity(wire.getPeerCertificate(), inbound.clientIds)) return void wire.destroy()
    const app = connectTcp({ host: inbound.forward.ip, port: inbound.forward.port, allowHalfOpen: true })
    limitConnect(app, 'connect')
    join(wire, app)
  })
  // A failed handshake ends that connection only; node has destroyed it already.
  server.on('tlsClientError', () => {})
  return listening(server, inbound.listen)
}

function limitConnect(socket: Socket, event: 'connect' | 'secureConnect'): void {
  const timer = setTimeout(() => socket.destroy(new Error('connect timed out')), CONNECT_TIMEOUT_MS)
  const done = (): void => clearTimeout(timer)
  socket.once(event, done)
  socket.once('close', done)
}

/** X509-SVID §2: there is exactly one URI name, and it must be one of these. */
function wrongIdentity(certificate: PeerCertificate, allowed: readonly string[]): Error | undefined {
  // Node quotes a name that holds a separator, so such a one never equals a SPIFFE ID.
  const uris = (certificate.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:'))
  if (uris.length === 1 && allowed.includes(uris[0]!.slice('URI:'.length))) return undefined
  return new Error(`peer proved ${uris.join(', ') || 'no SPIFFE ID'}, wanted ${allowed.join(' or ')}`)
}

function tlsOptions(identity: RelayIdentity): SecureContextOptions {
  return {
    cert: identity.certificate, key: identity.privateKey, ca: identity.root,
    minVersion: 'TLSv1.3', ecdhCurve: supportedGroups(KEY_EXCHANGE_GROUPS),
  }
}

/** OpenSSL refuses the whole list when one name is unknown to it (before 3.5: X25519MLKEM768). */
function supportedGroups(groups: readonly string[]): string {
  return groups.filter((ecdhCurve) => {
    try {
      createSecureContext({ ecdhCurve })
      return true
    } catch {
      return false
    }
  }).join(':')
}

function listening(server: Server, address: Address): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address.ip, port: address.port }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}
