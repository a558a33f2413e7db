import type { Identity } from '../../identity/material.ts'

/** Renewal is due at two thirds of the life; with so much of it gone somebody has to look. */
const WARN_AT = 5 / 6
/** The longest that a timer can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Warns once when a certificate is near its end, and once when it is over. */
export class ExpiryWatch {
  readonly #warn: (text: string) => void
  #timer: NodeJS.Timeout | undefined

  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  follow(identity: Identity): void {
    clearTimeout(this.#timer)
    const { notBeforeMs, notAfterMs, name } = identity
    const until = new Date(notAfterMs).toISOString()
    this.#at(notBeforeMs + (notAfterMs - notBeforeMs) * WARN_AT, () => {
      if (Date.now() < notAfterMs) this.#warn(`the certificate of ${name} expires at ${until}, and no new one has come`)
      this.#at(notAfterMs, () => this.#warn(`the certificate of ${name} expired at ${until}: peers refuse it`))
    })
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #at(timeMs: number, then: () => void): void {
    const delay = timeMs - Date.now()
    this.#timer = setTimeout(() => delay > MAX_TIMER_MS ? this.#at(timeMs, then) : then(), Math.min(Math.max(delay, 0), MAX_TIMER_MS)).unref()
  }
}
