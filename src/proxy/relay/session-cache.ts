import * as ssl from '../../sys/openssl.ts'

/** Destinations whose last session is kept; the least recently used goes first. */
const MAX_SESSIONS = 1024

/** TLS sessions of a client, one a destination. It owns them. */
export class SessionCache {
  readonly #sessions = new Map<string, number>()

  /** 0 where there is none; stays the cache's. */
  get(destination: string): number {
    const session = this.#sessions.get(destination)
    if (session === undefined) return 0
    if (ssl.SSL_SESSION_is_resumable(session) === 1) return session
    this.#drop(destination, session)
    return 0
  }

  /** Takes over what the connection got last; false where that cannot be resumed (yet). */
  keep(destination: string, connection: number): boolean {
    const session = ssl.SSL_get1_session(connection)
    if (session === 0) return false
    if (ssl.SSL_SESSION_is_resumable(session) !== 1) {
      ssl.SSL_SESSION_free(session)
      return false
    }
    const old = this.#sessions.get(destination)
    if (old !== undefined) this.#drop(destination, old)
    this.#sessions.set(destination, session)
    if (this.#sessions.size > MAX_SESSIONS) {
      const [oldest, first] = this.#sessions.entries().next().value as [string, number]
      this.#drop(oldest, first)
    }
    return true
  }

  clear(): void {
    for (const session of this.#sessions.values()) ssl.SSL_SESSION_free(session)
    this.#sessions.clear()
  }

  #drop(destination: string, session: number): void {
    this.#sessions.delete(destination)
    ssl.SSL_SESSION_free(session)
  }
}
