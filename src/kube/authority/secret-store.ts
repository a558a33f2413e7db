import { MtlscopeError } from '../../base/errors.ts'
import type { AuditSink } from '../../identity/authority/audit.ts'
import type { CaStore, CertificateKind } from '../../identity/authority/ca-store.ts'
import type { CaState } from '../../identity/authority/state.ts'
import { formatState, parseState } from '../../identity/authority/state.ts'
import { statusOf } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import { isObjectName } from '../object-name.ts'
import type { SecretCopy } from './secret-copy.ts'
import { newSecret, parseSecret, textOf, withText } from './secret-copy.ts'

export interface SecretPlace { readonly namespace: string, readonly name: string }

const STATE = 'ca.json'
/** What was read is looked at again after this, so that many requests are one question to the API server. */
const FRESH_MILLIS = 2000
/** Each means that another CA changed the Secret in the same moment. */
const MAX_ATTEMPTS = 5
/** Keys of the Secret that are the CA's. */
const OWN_KEY = /^(?:root|intermediate)-([0-9a-f]{8})\.(?:key|pem)$/

/** `NAMESPACE/NAME`. Throws 'usage'. */
export function parseSecretPlace(text: string): SecretPlace {
  const [namespace = '', name = '', ...rest] = text.split('/')
  if (rest.length === 0 && isObjectName(namespace) && isObjectName(name)) return { namespace, name }
  throw new MtlscopeError('usage', `not a Secret: ${text}`, { hint: 'NAMESPACE/NAME, as in mtlscope/mtlscope-ca-state' })
}

/**
 * A CA in a Secret of Kubernetes. A change is made on a copy and put back whole with the resourceVersion that it began from, so that it happens wholly
 * or not, and never over that of another CA. One that is there without anything in it is taken for none.
 */
export class SecretStore implements CaStore {
  readonly path: string
  readonly option: string
  readonly audit: AuditSink
  readonly #client: KubeClient
  readonly #place: SecretPlace
  readonly #now: () => number
  #copy: SecretCopy | undefined
  #readAtMillis = -Infinity
  #reading: Promise<unknown> | undefined
  /** While something changes: what it has written so far. */
  #draft: SecretCopy | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(client: KubeClient, place: SecretPlace, audit: AuditSink, now: () => number) {
    this.#client = client
    this.#place = place
    this.#now = now
    this.audit = audit
    this.path = `secret ${place.namespace}/${place.name}`
    this.option = `--kube-secret ${place.namespace}/${place.name}`
  }

  /** It is made by the first change. */
  async create(): Promise<void> {}

  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(() => this.#change(run))
    this.#turn = mine.catch(() => {})
    return await mine
  }

  async #change<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.#fetch()
      this.#draft = before
      try {
        const result = await run()
        if (this.#draft !== before) await this.#write(this.#draft)
        return result
      } catch (error) {
        if (statusOf(error) !== 409) throw error
        if (attempt === MAX_ATTEMPTS) throw new MtlscopeError('ca-busy', `${this.path} changes all the time`, { hint: 'is another CA at work in it?', cause: error })
      } finally {
        this.#draft = undefined
      }
    }
  }

  /** An API server that does not answer leaves what is known in force. */
  async stamp(): Promise<string> {
    if (this.#draft === undefined && this.#now() - this.#readAtMillis >= FRESH_MILLIS) {
      this.#reading ??= this.#fetch().finally(() => { this.#reading = undefined })
      await this.#reading.catch((error: unknown) => { if (this.#copy === undefined) throw error })
    }
    return this.#copy?.version ?? ''
  }

  async readState(): Promise<CaState> {
    const text = textOf(await this.#current(), STATE)
    if (text === undefined) throw new MtlscopeError('ca-state', `there is no CA in ${this.path}`, { hint: 'mtlscope ca serve makes one at its first start', facts: { path: this.path } })
    const state = parseState(text)
    if (state === undefined) throw this.#damaged(`${STATE} of ${this.path} is damaged`)
    return state
  }

  /** Throws 'ca-state' where there are keys of a CA and no state: that is one that was damaged, and no place for a new one. */
  async hasState(): Promise<boolean> {
    const copy = await this.#current()
    if (textOf(copy, STATE) !== undefined) return true
    if (Object.keys(copy.data).some((key) => OWN_KEY.test(key))) throw this.#damaged(`${this.path} has keys of a CA and no ${STATE}`)
    return false
  }

  async writeState(state: CaState): Promise<void> {
    this.#put(STATE, formatState(state))
  }

  async writePair(kind: CertificateKind, id: string, keyPem: string, certificatePem: string): Promise<void> {
    this.#put(`${kind}-${id}.key`, keyPem)
    this.#put(`${kind}-${id}.pem`, certificatePem)
  }

  async readCertificate(kind: CertificateKind, id: string): Promise<string> {
    return await this.#require(`${kind}-${id}.pem`)
  }

  async readKey(kind: CertificateKind, id: string): Promise<string> {
    return await this.#require(`${kind}-${id}.key`)
  }

  async hasKey(kind: CertificateKind, id: string): Promise<boolean> {
    return textOf(await this.#current(), `${kind}-${id}.key`) !== undefined
  }

  /** With its certificate: a Secret is no archive. */
  async removeKey(kind: CertificateKind, id: string): Promise<void> {
    this.#put(`${kind}-${id}.key`, undefined)
    this.#put(`${kind}-${id}.pem`, undefined)
  }

  async leftovers(state: CaState): Promise<string[]> {
    const known = new Set(state.roots.flatMap(({ id, intermediateId }) => [id, intermediateId]))
    return Object.keys((await this.#current()).data).filter((key) => {
      const id = OWN_KEY.exec(key)?.[1]
      return id !== undefined && !known.has(id)
    }).toSorted()
  }

  keyPath(kind: CertificateKind, id: string): string {
    return `${kind}-${id}.key of ${this.path}`
  }

  certificatePath(kind: CertificateKind, id: string): string {
    return `${kind}-${id}.pem of ${this.path}`
  }

  #put(key: string, text: string | undefined): void {
    if (this.#draft === undefined) throw new Error('a Secret is changed within exclusively() only')
    this.#draft = withText(this.#draft, key, text)
  }

  async #require(key: string): Promise<string> {
    const text = textOf(await this.#current(), key)
    if (text === undefined) throw this.#damaged(`${key} of ${this.path} is missing`)
    return text
  }

  #damaged(what: string): MtlscopeError {
    return new MtlscopeError('ca-state', what, { hint: 'put back a copy of the whole Secret', facts: { path: this.path } })
  }

  async #current(): Promise<SecretCopy> {
    return this.#draft ?? this.#copy ?? await this.#fetch()
  }

  async #fetch(): Promise<SecretCopy> {
    const { namespace, name } = this.#place
    const found = await this.#client.find(`/api/v1/namespaces/${namespace}/secrets/${name}`)
    this.#readAtMillis = this.#now()
    this.#copy = found === undefined ? newSecret(namespace, name) : parseSecret(found)
    return this.#copy
  }

  async #write(copy: SecretCopy): Promise<void> {
    const { namespace, name } = this.#place
    const path = `/api/v1/namespaces/${namespace}/secrets`
    // Without a version it is new: then the API server refuses it where another one was faster, too.
    const written = copy.version === '' ? await this.#client.post(path, copy.object) : await this.#client.put(`${path}/${name}`, copy.object)
    this.#copy = parseSecret(written)
    this.#readAtMillis = this.#now()
  }
}
