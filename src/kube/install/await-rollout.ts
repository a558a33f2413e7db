import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../../base/errors.ts'
import type { KubeClient } from '../client.ts'
import { openLog } from '../pod-log.ts'
import type { LiveObject } from './live-object.ts'
import { itemsOf } from './live-object.ts'
import type { Manifest } from './object-names.ts'
import { COMPONENT_LABEL } from './object-names.ts'
import { listPath, objectPath } from './object-paths.ts'
import { podTrouble } from './pod-trouble.ts'
import { rolloutState } from './rollout.ts'

const LOOK_MS = 1000
const LOG_LINES = 5
/** A DaemonSet whose pods are refused says so in events only. */
const EVENTS_AFTER_MS = 8000

export interface RolloutWait { readonly timeoutMs: number, readonly signal: AbortSignal, say(text: string): void }

/** Waits until the pods of a Deployment or DaemonSet are all new and ready. Throws 'install-failed' that names the pod and why, and an AbortError when `signal` is aborted. */
export async function awaitRollout(client: KubeClient, workload: Manifest, { timeoutMs, signal, say }: RolloutWait): Promise<void> {
  const part = workload.metadata.labels[COMPONENT_LABEL]!
  const beganMs = performance.now()
  let told = ''
  for (;;) {
    const live = { ...await client.get(objectPath(workload)) as LiveObject, kind: workload.kind }
    const { done, ready, wanted, refused } = rolloutState(live)
    const waitedMs = performance.now() - beganMs
    if (done) return say(`${part}: ${ready} of ${wanted} ready after ${Math.round(waitedMs / 1000)} s`)
    if (refused !== undefined) throw failed(part, refused)
    const why = await whyNotReady(client, workload, waitedMs, wanted > 0)
    if (why?.final === true) throw failed(part, why.text)
    if (waitedMs > timeoutMs) throw failed(part, `${ready} of ${wanted} ready after ${Math.round(timeoutMs / 1000)} s${why === undefined ? '' : `; ${why.text}`}`)
    if (why !== undefined && why.text !== told) say(`${part}: waiting, ${told = why.text}`)
    await sleep(LOOK_MS, undefined, { signal })
  }
}

function failed(part: string, why: string): MtlscopeError {
  return new MtlscopeError('install-failed', `${part} did not become ready: ${why}`, { facts: { part } })
}

async function whyNotReady(client: KubeClient, { kind, metadata: { name, namespace, labels } }: Manifest, waitedMs: number, expectsPods: boolean): Promise<{ text: string, final: boolean } | undefined> {
  const selector = encodeURIComponent(`${COMPONENT_LABEL}=${labels[COMPONENT_LABEL]}`)
  const pods = itemsOf(await client.get(`${listPath('Pod', namespace)}?labelSelector=${selector}`), 'Pod')
  for (const pod of pods) {
    const trouble = podTrouble(pod, waitedMs)
    if (trouble === undefined) continue
    const log = trouble.hasLog && trouble.final ? await lastWords(client, pod) : ''
    return { text: `pod ${pod.metadata.name}: ${trouble.why}${log === '' ? '' : `; it said: ${log}`}`, final: trouble.final }
  }
  const event = waitedMs < EVENTS_AFTER_MS || (pods.length > 0 && !expectsPods) ? undefined : await lastWarning(client, namespace!, pods[0] ?? { kind, metadata: { name } })
  return event === undefined ? undefined : { text: event, final: pods.length === 0 && /forbidden|denied/.test(event) }
}

async function lastWords(client: KubeClient, { metadata: { name, namespace } }: LiveObject): Promise<string> {
  try {
    const log = await openLog(client, { namespace: namespace!, pod: name, tailLines: LOG_LINES })
    const parts: Buffer[] = []
    for await (const part of log) parts.push(part as Buffer)
    return Buffer.concat(parts).toString().trim().split('\n').join(' / ').slice(0, 600)
  } catch {
    return ''
  }
}

async function lastWarning(client: KubeClient, namespace: string, { kind, metadata: { name } }: Pick<LiveObject, 'kind' | 'metadata'>): Promise<string | undefined> {
  const selector = encodeURIComponent(`involvedObject.name=${name},type=Warning`)
  try {
    const { items = [] } = await client.get(`/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`) as { items?: { message?: string, lastTimestamp?: string }[] }
    const last = items.sort((a, b) => String(a.lastTimestamp).localeCompare(String(b.lastTimestamp))).at(-1)
    return last?.message === undefined ? undefined : `${kind.toLowerCase()} ${name}: ${last.message.replace(/\s+/g, ' ').slice(0, 300)}`
  } catch {
    // Events are a help, not a condition: who may not read them is told less.
    return undefined
  }
}
