import type { MetricsPage } from '../../base/metrics-page.ts'
import { RateLimit } from '../../identity/authority/rate-limit.ts'
import type { KubeClient } from '../client.ts'
import { isObjectName } from '../object-name.ts'
import type { Admission } from './admit-pod.ts'

/** Of one owner: whoever makes a pod again and again need not say so each time. */
const EVENTS_PER_MINUTE = 1
const BURST = 2
const MAX_OWNERS = 2000
/** Not yet taken by the API server; more are given up. */
const MAX_WAITING = 64
const MAX_MESSAGE = 1000

const REASONS = { left: 'MtlscopeNotInjected', refused: 'MtlscopeRefused' } as const

/** Says in the namespace of a pod why it got no sidecar, or was refused, where `kubectl describe` and `kubectl get events` show it. Never waited for. */
export class InjectionEvents {
  readonly #client: KubeClient
  readonly #warn: (text: string) => void
  readonly #rate = new RateLimit(EVENTS_PER_MINUTE, BURST, MAX_OWNERS)
  #waiting = 0
  #hasWarned = false
  #failures = 0

  constructor(client: KubeClient, warn: (text: string) => void) {
    this.#client = client
    this.#warn = warn
  }

  tell(namespace: string, { outcome, why, owner }: Admission, nowMillis: number): void {
    if ((outcome !== 'left' && outcome !== 'refused') || why === undefined || owner === undefined || !isObjectName(namespace)) return
    const { reference, label } = owner
    if (this.#waiting >= MAX_WAITING || this.#rate.take(`${namespace} ${reference.kind} ${reference.name} ${outcome}`, nowMillis) > 0) return
    const at = new Date(nowMillis).toISOString()
    this.#waiting++
    this.#client.post(`/api/v1/namespaces/${namespace}/events`, {
      apiVersion: 'v1', kind: 'Event', metadata: { generateName: 'mtlscope-injector.', namespace }, type: 'Warning', reason: REASONS[outcome],
      message: `${outcome === 'left' ? `pod ${label} gets no sidecar` : `pod ${label} is refused`}: ${why}`.slice(0, MAX_MESSAGE),
      involvedObject: { ...reference, namespace }, source: { component: 'mtlscope-injector' }, firstTimestamp: at, lastTimestamp: at, count: 1,
    }).catch((error: Error) => this.#failed(error)).finally(() => { this.#waiting-- })
  }

  addMetrics(page: MetricsPage): void {
    page.counter('mtlscope_injector_event_failures_total', 'Events that the API server did not take.', this.#failures)
  }

  #failed(error: Error): void {
    this.#failures++
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#warn(`events cannot be written: ${error.message}`)
  }
}
