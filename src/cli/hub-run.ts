import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { MtlscopeError } from '../base/errors.ts'
import { cannotRead } from '../base/file-errors.ts'
import type { OpenedClusterHub } from '../hub/agents/open-cluster-hub.ts'
import { openClusterHub } from '../hub/agents/open-cluster-hub.ts'
import { followKubeAgents } from '../hub/agents/kube-agents.ts'
import type { Identity } from '../identity/material.ts'
import { KubeClient } from '../kube/client.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { isObjectName } from '../kube/object-name.ts'
import type { ListenAddress } from './ca-values.ts'
import type { HubFlags } from './hub.ts'
import { interruptSignal } from './interrupt.ts'
import { openMeshIdentity, requireIdentityFlags, requireSpiffeId } from './mesh-identity.ts'
import { say, sayError, sayWarning } from './say.ts'

const MIN_TOKEN_CHARS = 16

/** Runs `mtlscope hub` until it is stopped; resolves with the exit code. */
export async function runHub(flags: HubFlags): Promise<number> {
  requireSpiffeId('--agent-id', flags.agentId)
  requireIdentityFlags(flags)
  const agents = (flags.agent ?? []).map(agentAddress)
  const place = flags.kubeAgents === undefined ? undefined : kubePlace(flags.kubeAgents, flags.agentPort)
  if (agents.length === 0 && place === undefined) throw new MtlscopeError('usage', 'no agents are named', { hint: '--kube-agents NAMESPACE/SELECTOR, or --agent https://host:8900' })
  const signal = interruptSignal()
  let current: Identity | undefined
  const source = await openMeshIdentity(flags, () => readClusterAccess(flags).namespace, {
    changed: (identity) => {
      current = identity
      say(`certificate renewed, until ${new Date(identity.notAfterMs).toISOString()}`)
    },
    kept: (error) => {
      sayWarning('the certificate stays as it is')
      sayError(error)
    },
  })
  try {
    current = await Promise.race([source.first, ended(signal)])
    if (current === undefined) return 0
    say(`asking agents as ${current.name}`)
    return await serve(flags, agents, place, () => current!, signal)
  } finally {
    source.close()
    signal.dispose()
  }
}

async function serve(flags: HubFlags, agents: readonly string[], place: ReturnType<typeof kubePlace> | undefined, identity: () => Identity, signal: AbortSignal): Promise<number> {
  const client = place === undefined ? undefined : new KubeClient(readClusterAccess(flags))
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const opened = await openClusterHub({
    title: flags.title, host: flags.listen.host, port: flags.listen.port, token: tokenOf(flags), tls: tlsOf(flags), replay: flags.replay, agentId: flags.agentId, identity, say, onBug: (error) => console.error(error),
  })
  const probe = flags.probe === undefined ? undefined : await openProbe(flags.probe)
  try {
    say(`viewer ${opened.address}`)
    for (const address of agents) opened.fleet.follow(address)
    await follow(client, place, opened, both)
    return 0
  } finally {
    stop.abort()
    probe?.close()
    await opened.close()
    client?.close()
  }
}

/** Until the signal comes. */
async function follow(client: KubeClient | undefined, place: ReturnType<typeof kubePlace> | undefined, { fleet }: OpenedClusterHub, signal: AbortSignal): Promise<void> {
  if (client !== undefined && place !== undefined) await followKubeAgents(client, place, fleet, signal, (error) => sayWarning(`agents cannot be looked for: ${error.message}`))
  await ended(signal)
}

/** For the kubelet, which has no certificate: that the hub is there, and nothing else. */
async function openProbe({ host, port }: ListenAddress): Promise<{ close(): void }> {
  const server = createServer((request, response) => {
    const isKnown = request.method === 'GET' && request.url === '/healthz'
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'text/plain', 'connection': 'close' }).end(isKnown ? 'ok\n' : 'not found\n')
  })
  server.maxConnections = 16
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new MtlscopeError('cannot-listen', `cannot listen on ${host} port ${port}: ${(cause as NodeJS.ErrnoException).code}`, { cause })))
    server.listen(port, host, resolve)
  })
  return server
}

/** Throws 'usage'. */
function agentAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '') throw new MtlscopeError('usage', `--agent: not an address of an agent: ${text}`, { hint: 'example: https://10.0.0.7:8900' })
  return url.href.replace(/\/$/, '')
}

function kubePlace(text: string, port: number): { namespace: string, selector: string, port: number } {
  const slash = text.indexOf('/')
  const [namespace, selector] = [text.slice(0, slash), text.slice(slash + 1)]
  if (slash < 0 || !isObjectName(namespace) || selector === '') throw new MtlscopeError('usage', `--kube-agents: not a namespace and a label selector: ${text}`, { hint: 'example: mtlscope/app.kubernetes.io/component=agent' })
  return { namespace, selector, port }
}

function tokenOf({ accessTokenFile }: HubFlags): string | undefined {
  if (accessTokenFile === undefined) return undefined
  const token = readFile(accessTokenFile).trim()
  if (token.length < MIN_TOKEN_CHARS || /[^\x21-\x7e]/.test(token)) throw new MtlscopeError('usage', `--access-token-file: a token has at least ${MIN_TOKEN_CHARS} printable characters and no spaces`)
  return token
}

function tlsOf({ tlsCert, tlsKey }: HubFlags): { key: string, cert: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) throw new MtlscopeError('usage', '--tls-cert and --tls-key belong together')
  return { key: readFile(tlsKey), cert: readFile(tlsCert) }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw cannotRead(path, error)
  }
}

async function ended(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
}
