import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { Identity } from '../../identity/material.ts'
import type { EmbeddedStore } from '../../store/embedded-store.ts'
import type { Hub } from '../hub.ts'
import { ApiProblem } from '../problem.ts'
import { buildServer } from '../server.ts'
import { addAgentRoutes } from './agent-routes.ts'
import { isPeer, spiffeIdsOf } from './peer-identity.ts'

/** A hub has five; whoever else of the mesh tries is refused, and must not use up what there is. */
const MAX_CONNECTIONS = 256

export interface AgentServerOptions {
  readonly hub: Hub
  readonly store: EmbeddedStore
  readonly node: string
  readonly identity: Identity
  /** Whoever is not this is refused, whatever else vouches for it. */
  readonly hubId: string
  readonly onBug: (error: unknown) => void
}

export interface AgentServer { readonly app: FastifyInstance, /** Connections from now on are made with it. */ replaceIdentity(identity: Identity): void }

/** The API of an agent over mutual TLS: that of a hub, and what a hub of agents asks. The caller listens, and closes. */
export async function buildAgentServer({ hub, store, node, identity, hubId, onBug }: AgentServerOptions): Promise<AgentServer> {
  const app = await buildServer(hub, { names: [], viewer: undefined, onBug, tls: tlsOf(identity), admit: onlyFrom(hubId) })
  app.server.maxConnections = MAX_CONNECTIONS
  addAgentRoutes(app, { hub, store, node })
  return { app, replaceIdentity: (next) => (app.server as unknown as Server).setSecureContext(tlsOf(next)) }
}

function onlyFrom(hubId: string): (request: IncomingMessage) => void {
  const known = new WeakSet<TLSSocket>()
  return (request) => {
    const socket = request.socket as TLSSocket
    if (known.has(socket)) return
    const certificate = socket.getPeerCertificate()
    if (!socket.authorized || !isPeer(certificate, hubId)) throw new ApiProblem(403, 'forbidden', `only ${hubId} may ask, not ${spiffeIdsOf(certificate).join(', ') || 'somebody without a SPIFFE id'}`)
    known.add(socket)
  }
}

function tlsOf({ material: { keyPem, chainPem, bundlePem } }: Identity): { key: string, cert: string, ca: string, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' } {
  return { key: keyPem, cert: chainPem, ca: bundlePem, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }
}
