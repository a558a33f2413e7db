import type { RecordCrypto } from '../../base/record-crypto.ts'
import type { SecretLabel, SecretSource, SecretWaiter } from '../secret-source.ts'
import type { KeyLogTarget } from './key-log.ts'
import { KeyLogParser } from './key-log.ts'
import { MAX_ALL_WAITING_BYTES, MAX_KNOWN_CONNECTIONS, MAX_KNOWN_SESSIONS, MAX_WAITERS, MAX_WAITING_MICROS } from './limits.ts'

/** Secrets type of a decryption secrets block that holds a key log (draft-ietf-opsawg-pcapng §4.6): "TLSK". */
export const TLS_KEY_LOG = 0x544c534b

const WEIGHED_EVERY = 64

type Known = Partial<Record<SecretLabel, string>>

/** All secrets that one run knows, out of key logs and decryption secrets blocks. Bounded: the oldest are forgotten. */
export class TlsSecrets implements KeyLogTarget {
  /** Somebody said that secrets will come. */
  expected = false
  /** What the machine has that is quicker than node:crypto. */
  crypto: RecordCrypto | undefined
  /** Lines of decryption secrets blocks that were not understood. */
  blockFaults = 0
  readonly #connections = new Map<string, Known>()
  readonly #sessions = new Map<string, string>()
  readonly #premasters = new Map<string, string>()
  readonly #desks: SecretDesk[] = []
  readonly #refresh: () => void
  #news = false

  /** @param refresh called before a secret is said not to be there: it may read on, and add what it finds. */
  constructor(refresh: () => void = () => {}) {
    this.#refresh = refresh
  }

  /** A source of these secrets with a queue of its own, for one place of capture. */
  desk(): SecretDesk {
    const desk = new SecretDesk(this)
    this.#desks.push(desk)
    return desk
  }

  leave(desk: SecretDesk): void {
    const at = this.#desks.indexOf(desk)
    if (at >= 0) this.#desks.splice(at, 1)
  }

  /** A decryption secrets block. Those of other types are passed over. */
  block(type: number, bytes: Uint8Array): void {
    if (type !== TLS_KEY_LOG) return
    const parser = new KeyLogParser(this)
    parser.push(bytes)
    parser.flush()
    this.blockFaults += parser.faultCount
    this.announce()
  }

  secret(label: SecretLabel, clientRandom: string, secret: string): void {
    let known = this.#connections.get(clientRandom)
    if (known === undefined) {
      if (this.#connections.size >= MAX_KNOWN_CONNECTIONS) this.#connections.delete(this.#connections.keys().next().value!)
      this.#connections.set(clientRandom, known = {})
    }
    known[label] = secret
    this.#news = this.expected = true
  }

  session(sessionId: string, master: string): void {
    keep(this.#sessions, sessionId, master)
    this.#news = this.expected = true
  }

  premaster(encryptedStart: string, premaster: string): void {
    keep(this.#premasters, encryptedStart, premaster)
    this.#news = this.expected = true
  }

  /** Wakes those who wait, if anything was added since. */
  announce(): void {
    if (!this.#news) return
    this.#news = false
    for (const desk of this.#desks) desk.wake()
  }

  find(label: SecretLabel, clientRandom: string): Uint8Array | undefined {
    return this.#look(() => this.#connections.get(clientRandom)?.[label])
  }

  findSession(sessionId: string): Uint8Array | undefined {
    return this.#look(() => this.#sessions.get(sessionId))
  }

  findPremaster(encryptedStart: string): Uint8Array | undefined {
    return this.#look(() => this.#premasters.get(encryptedStart))
  }

  remember(session: string, master: Uint8Array): void {
    keep(this.#sessions, session, Buffer.from(master).toString('latin1'))
  }

  recall(session: string): Uint8Array | undefined {
    return bytesOf(this.#sessions.get(session))
  }

  #look(get: () => string | undefined): Uint8Array | undefined {
    const known = get()
    if (known !== undefined) return bytesOf(known)
    this.#refresh()
    return bytesOf(get())
  }
}

/** The connections of one place of capture that wait for secrets, and what they wait for. */
export class SecretDesk implements SecretSource {
  /** Connections that went on without secrets because too many waited. */
  crowdedOut = 0
  readonly #secrets: TlsSecrets
  /** In the order in which they began to wait. */
  readonly #waiters = new Set<SecretWaiter>()
  /** How often somebody began to wait. */
  #waits = 0

  constructor(secrets: TlsSecrets) {
    this.#secrets = secrets
  }

  get crypto(): RecordCrypto | undefined {
    return this.#secrets.crypto
  }

  get active(): boolean {
    return this.#secrets.expected
  }

  find(label: SecretLabel, clientRandom: Uint8Array): Uint8Array | undefined {
    return this.#secrets.find(label, Buffer.from(clientRandom).toString('hex'))
  }

  findSession(sessionId: string): Uint8Array | undefined {
    return this.#secrets.findSession(sessionId)
  }

  findPremaster(encryptedStart: string): Uint8Array | undefined {
    return this.#secrets.findPremaster(encryptedStart)
  }

  remember(session: string, master: Uint8Array): void {
    this.#secrets.remember(session, master)
  }

  recall(session: string): Uint8Array | undefined {
    return this.#secrets.recall(session)
  }

  wait(waiter: SecretWaiter): void {
    this.#waiters.add(waiter)
    if (this.#waiters.size > MAX_WAITERS) this.#crowdOut()
    // What they hold is summed up seldom: as many bytes more than the bound may come on top.
    else if (++this.#waits % WEIGHED_EVERY === 0) this.#weigh()
  }

  stop(waiter: SecretWaiter): void {
    this.#waiters.delete(waiter)
  }

  /** Secrets came: everyone looks again. */
  wake(): void {
    for (const waiter of [...this.#waiters]) waiter.secretsCame()
  }

  /** Those who have waited long enough by capture time go on without. */
  tick(nowMicros: number): void {
    for (const waiter of [...this.#waiters]) {
      if (nowMicros - waiter.sinceMicros >= MAX_WAITING_MICROS) waiter.giveUp()
    }
  }

  /** Nothing more will come. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.giveUp()
    this.#secrets.leave(this)
  }

  #weigh(): void {
    let sum = 0
    for (const waiter of this.#waiters) sum += waiter.waitingBytes
    while (sum > MAX_ALL_WAITING_BYTES && this.#waiters.size > 0) sum -= this.#crowdOut()
  }

  #crowdOut(): number {
    const oldest = this.#waiters.values().next().value!
    const { waitingBytes } = oldest
    this.crowdedOut++
    this.#waiters.delete(oldest)
    oldest.giveUp()
    return waitingBytes
  }
}

function keep(map: Map<string, string>, key: string, value: string): void {
  if (map.size >= MAX_KNOWN_SESSIONS && !map.has(key)) map.delete(map.keys().next().value!)
  map.set(key, value)
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'latin1')
}
