import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { dnsAnswer, parseQuestion } from './dns-answer.ts'
import { NODE_ADDRESS } from './place.ts'

export const CLUSTER_DOMAIN = 'cluster.local'
const PORT = 53
const TIMEOUT_MS = 4000
const MAX_HEADLESS = 20

/** `web.shop.svc.cluster.local` is service web of namespace shop; pods of a headless service have a label in front. */
export function serviceOf(name: string): { service: string, namespace: string } | undefined {
  const labels = name.split('.')
  const [service, namespace, svc, ...domain] = labels.length === 6 ? labels.slice(1) : labels
  return svc === 'svc' && domain.join('.') === CLUSTER_DOMAIN ? { service: service!, namespace: namespace! } : undefined
}

/**
 * The cluster's DNS: names of services, asked of the API server with each query, so that an answer is never old. Other names do
 * not exist: the node has no way out. Resolves when it listens.
 */
export function openClusterDns(kubeconfigFile: string): Promise<Socket> {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfigFile, 'utf8')) as { clusters: { cluster: { server: string } }[], users: { user: { token: string } }[] }
  const [server, token] = [clusters[0]!.cluster.server, users[0]!.user.token]
  const socket = createSocket('udp4')
  socket.on('message', (query, { address, port }) => {
    const question = parseQuestion(query)
    if (question === undefined) return
    // Without an answer whoever asked asks again.
    addressesOf(question.name, server, token).then((addresses) => socket.send(dnsAnswer(query, question, addresses), port, address), () => {})
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(PORT, NODE_ADDRESS, () => resolve(socket))
  })
}

async function addressesOf(name: string, server: string, token: string): Promise<string[] | undefined> {
  const asked = serviceOf(name)
  if (asked === undefined) return undefined
  const path = `/api/v1/namespaces/${encodeURIComponent(asked.namespace)}`
  const service = await ask(`${server}${path}/services/${encodeURIComponent(asked.service)}`, token) as { spec?: { clusterIP?: string } } | undefined
  if (service?.spec?.clusterIP === undefined) return undefined
  if (service.spec.clusterIP !== 'None') return [service.spec.clusterIP]
  const endpoints = await ask(`${server}${path}/endpoints/${encodeURIComponent(asked.service)}`, token) as { subsets?: { addresses?: { ip: string }[] }[] } | undefined
  return (endpoints?.subsets ?? []).flatMap(({ addresses }) => (addresses ?? []).map(({ ip }) => ip)).slice(0, MAX_HEADLESS)
}

/** Undefined where there is no such object. The certificate is not looked at: it is asked within one namespace. */
function ask(url: string, token: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, timeout: TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 404) resolve(undefined)
        else if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(parts).toString()))
        else reject(new Error(`the API server answered ${response.statusCode}`))
      })
    })
    asking.once('timeout', () => asking.destroy(new Error('no answer')))
    asking.once('error', reject)
    asking.end()
  })
}
