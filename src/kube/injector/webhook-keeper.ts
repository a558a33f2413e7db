import { X509Certificate } from 'node:crypto'
import { MtlscopeError } from '../../base/errors.ts'
import { splitPem } from '../../identity/pem.ts'
import type { KubeClient } from '../client.ts'
import { fields, list, text } from '../fields.ts'

const PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const LOOK_MS = 10_000
/** Another injector may know of a root that this one will hear of only later. */
const EXTRA_MILLIS = 10 * 60_000

export interface WebhookKeeperOptions {
  readonly client: KubeClient
  /** Of the MutatingWebhookConfiguration. */
  readonly name: string
  now(): number
  say(text: string): void
  warn(text: string): void
}

/** Keeps the roots that the injector's certificate stands under in its webhook configuration, which somebody else makes, changes and makes anew. */
export class WebhookKeeper {
  readonly #options: WebhookKeeperOptions
  #bundlePem: string
  #timer: NodeJS.Timeout | undefined
  #problem: string | undefined = 'its webhook configuration has not been looked at yet'
  #told: string | undefined
  #extraSinceMillis: number | undefined
  #looking: Promise<void> | undefined
  #closed = false

  constructor(options: WebhookKeeperOptions, bundlePem: string) {
    this.#options = options
    this.#bundlePem = bundlePem
  }

  /** Why the API server would not believe this injector now; undefined where it would. */
  get problem(): string | undefined { return this.#problem }

  /** Another bundle. Resolves when it was tried to put it in its place: before that no certificate of a new root should be shown. */
  async keep(bundlePem: string): Promise<void> {
    this.#bundlePem = bundlePem
    await this.#looking
    await this.look()
  }

  /** Looks now, and every ten seconds from then on. Never rejects. */
  async look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#looking ??= this.#look().finally(() => { this.#looking = undefined })
    await this.#looking
    if (!this.#closed) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.look(), LOOK_MS)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { client, name, say } = this.#options
    try {
      const found = await client.find(`${PATH}/${name}`)
      if (found === undefined) return this.#failed(`there is no MutatingWebhookConfiguration ${name}`)
      const patch = this.#planPatch(list(fields(found).webhooks))
      if (patch.length > 0) {
        await client.patch(`${PATH}/${name}`, patch, 'json')
        say(`wrote the trust bundle into the webhook configuration ${name}`)
      }
      this.#problem = undefined
      this.#told = undefined
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      this.#failed(error.message)
    }
  }

  #failed(problem: string): void {
    this.#problem = problem
    if (this.#told === problem) return
    this.#told = problem
    this.#options.warn(`pods cannot be injected: ${problem}`)
  }

  #planPatch(webhooks: readonly ReturnType<typeof fields>[]): object[] {
    const wanted = fingerprints(this.#bundlePem)
    const present = webhooks.map(({ clientConfig }) => fingerprints(Buffer.from(text(fields(clientConfig).caBundle) ?? '', 'base64').toString('latin1')))
    const value = Buffer.from(this.#bundlePem).toString('base64')
    const isExtraOver = this.#isExtraOver(present.some((one) => [...one].some((print) => !wanted.has(print))))
    return webhooks.flatMap(({ name }, index) => {
      const isMissing = [...wanted].some((print) => !present[index]!.has(print))
      if (!isMissing && !isExtraOver) return []
      // The list may have changed since it was read.
      return [{ op: 'test', path: `/webhooks/${index}/name`, value: name }, { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }]
    })
  }

  /** Whether roots that are not ours have been there for so long that nobody needs them. */
  #isExtraOver(isExtra: boolean): boolean {
    if (!isExtra) this.#extraSinceMillis = undefined
    else this.#extraSinceMillis ??= this.#options.now()
    const isOver = this.#extraSinceMillis !== undefined && this.#options.now() - this.#extraSinceMillis >= EXTRA_MILLIS
    if (isOver) this.#extraSinceMillis = undefined
    return isOver
  }
}

/** Of the certificates that can be understood: the API server refuses a bundle that has none. */
function fingerprints(pem: string): Set<string> {
  return new Set(splitPem(pem, 'CERTIFICATE').flatMap((block) => {
    try {
      return [new X509Certificate(block).fingerprint256]
    } catch {
      return []
    }
  }))
}
