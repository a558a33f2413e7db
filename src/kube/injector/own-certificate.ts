import type { MetricsPage } from '../../base/metrics-page.ts'

/** The certificate that the injector shows, as far as it may still be shown. */
export class OwnCertificate {
  #notAfterMs: number

  /** Milliseconds since 1970. */
  constructor(notAfterMs: number) {
    this.#notAfterMs = notAfterMs
  }

  renewed(notAfterMs: number): void {
    this.#notAfterMs = notAfterMs
  }

  /** Why the API server would not believe it; another injector, whose certificate was renewed, is asked then. */
  problem(nowMs: number): string | undefined {
    return nowMs < this.#notAfterMs ? undefined : `its certificate expired at ${new Date(this.#notAfterMs).toISOString()}, and the CA has given no other`
  }

  addMetrics(page: MetricsPage): void {
    page.gauge('mtlscope_injector_certificate_expiry_timestamp_seconds', 'When the certificate that it shows expires, since 1970.', Math.floor(this.#notAfterMs / 1000))
  }
}
