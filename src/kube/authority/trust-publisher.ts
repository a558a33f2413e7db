import { MtlscopeError } from '../../base/errors.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'
import type { KubeClient } from '../client.ts'
import { fields, text } from '../fields.ts'
import { TRUST_CONFIG_MAP, TRUST_KEY } from '../trust-map.ts'

const MANAGER = 'mtlscope-ca'
const SELECTOR = 'labelSelector=mtlscope.io%2Finject%3Denabled'
/** What somebody else changed or deleted is put right after this; a new bundle is seen by the next look. */
const REPAIR_MS = 60_000
const LOOK_MS = 5000
/** Applied at the same time: a cluster may have thousands of namespaces. */
const PARALLEL = 4

export interface TrustPublisherOptions {
  readonly client: KubeClient
  /** Namespace of the control plane, which always gets the bundle. */
  readonly home: string
  /** What is to be trusted now, as PEM. */
  bundle(): Promise<string>
  say(text: string): void
  warn(text: string): void
}

/**
 * Keeps the trust bundle in the ConfigMap `mtlscope-ca` of its own namespace, of those labelled mtlscope.io/inject=enabled, and of those in which a pod is.
 * A namespace that was one stays one: pods that were injected may still run there.
 */
export class TrustPublisher {
  readonly #options: TrustPublisherOptions
  readonly #abort = new AbortController()
  /** Namespace → the bundle that was put there last; undefined where it is not there yet. */
  readonly #published = new Map<string, string | undefined>()
  #timer: NodeJS.Timeout | undefined
  #bundle = ''
  #repairAtMs = 0
  #running: Promise<void> | undefined
  #again = false
  readonly #told = new Set<string>()
  #failures = 0

  constructor(options: TrustPublisherOptions) {
    this.#options = options
    this.#published.set(options.home, undefined)
    void this.#follow('/api/v1/namespaces', (metadata) => text(metadata.name))
    void this.#follow('/api/v1/pods', (metadata) => text(metadata.namespace))
    this.publish()
  }

  /** Looks at the bundle now, for whoever knows that it changed. */
  publish(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => { this.#running = undefined })
  }

  addMetrics(page: MetricsPage): void {
    const states = [...this.#published.values()]
    page.gauges('mtlscope_ca_trust_namespaces', 'Namespaces that the trust bundle belongs in, and how many of them have the newest.', [[{ state: 'wanted' }, states.length], [{ state: 'current' }, states.filter((bundle) => bundle !== undefined && bundle === this.#bundle).length]])
    page.counter('mtlscope_ca_trust_failures_total', 'Times that the trust bundle could not be read, followed or published.', this.#failures)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  async #follow(path: string, namespaceOf: (metadata: Record<string, unknown>) => string | undefined): Promise<void> {
    const take = (object: unknown): void => {
      const metadata = fields(fields(object).metadata)
      const namespace = namespaceOf(metadata)
      if (namespace !== undefined && !this.#published.has(namespace) && metadata.deletionTimestamp === undefined) {
        this.#published.set(namespace, undefined)
        this.publish()
      }
    }
    while (!this.#abort.signal.aborted) {
      try {
        await this.#options.client.watch(`${path}?${SELECTOR}`, {
          list: (items) => items.forEach(take),
          event: (type, object) => type === 'DELETED' ? this.#forget(path, object) : take(object),
          failed: (error) => this.#complain(path, error),
        }, this.#abort.signal)
      } catch (error) {
        this.#complain(path, error)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_MS)
          this.#abort.signal.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
        })
      }
    }
  }

  /** A watch by label also calls that deleted which lost the label, so the apply tells: in a namespace that is gone it fails. */
  #forget(path: string, object: unknown): void {
    const name = text(fields(fields(object).metadata).name)
    if (path === '/api/v1/namespaces' && name !== undefined && fields(fields(object).metadata).deletionTimestamp !== undefined) this.#published.delete(name)
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#again && !this.#abort.signal.aborted) {
      this.#again = false
      await this.#look()
    }
    if (!this.#abort.signal.aborted) this.#timer = setTimeout(() => this.publish(), LOOK_MS)
  }

  async #look(): Promise<void> {
    try {
      this.#bundle = await this.#options.bundle()
    } catch (error) {
      return this.#complain('the bundle', error)
    }
    const nowMs = performance.now()
    const isRepair = nowMs >= this.#repairAtMs
    if (isRepair) this.#repairAtMs = nowMs + REPAIR_MS
    const due = [...this.#published].filter(([, bundle]) => isRepair || bundle !== this.#bundle).map(([namespace]) => namespace)
    for (let i = 0; i < due.length; i += PARALLEL) await Promise.all(due.slice(i, i + PARALLEL).map((namespace) => this.#apply(namespace)))
  }

  async #apply(namespace: string): Promise<void> {
    const labels = { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'trust', 'app.kubernetes.io/managed-by': MANAGER }
    const bundle = this.#bundle
    try {
      await this.#options.client.patch(
        `/api/v1/namespaces/${namespace}/configmaps/${TRUST_CONFIG_MAP}?fieldManager=${MANAGER}&force=true`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: TRUST_CONFIG_MAP, namespace, labels }, data: { [TRUST_KEY]: bundle } }, 'apply')
      if (this.#published.has(namespace) && this.#published.get(namespace) !== bundle) this.#options.say(`trust bundle published in namespace ${namespace}`)
      this.#published.set(namespace, bundle)
      this.#told.delete(namespace)
    } catch (error) {
      this.#refused(namespace, error)
    }
  }

  /** A namespace that ends takes nothing new, and one that is gone is no failure. */
  #refused(namespace: string, error: unknown): void {
    const isGone = error instanceof MtlscopeError && namespace !== this.#options.home && (error.facts.status === 404 || /being terminated/.test(error.message))
    if (isGone) this.#published.delete(namespace)
    else this.#complain(namespace, error)
  }

  /** Once, until it works again. */
  #complain(about: string, error: unknown): void {
    if (!(error instanceof MtlscopeError)) throw error
    if (this.#abort.signal.aborted) return
    this.#failures++
    if (this.#told.has(about)) return
    this.#told.add(about)
    this.#options.warn(`the trust bundle is not published everywhere (${about}): ${error.message}`)
  }
}
