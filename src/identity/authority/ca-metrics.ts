import { Histogram } from '../../base/histogram.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'

/** A signature takes a millisecond; who asks an API server whose token it is waits for that. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const REASONS: Readonly<Record<number, keyof CaCounters['refused']>> = { 400: 'request', 401: 'token', 403: 'names', 413: 'request', 429: 'rate' }

/** What became of requests for certificates since the process began. */
export class CaCounters {
  issued = 0
  failed = 0
  readonly refused = { token: 0, rate: 0, request: 0, names: 0 }
  readonly seconds = new Histogram(SECONDS)

  /** `status`: what was answered. */
  answered(status: number, seconds: number): void {
    this.seconds.observe(seconds)
    const reason = REASONS[status]
    if (status === 200) this.issued++
    else if (reason === undefined) this.failed++
    else this.refused[reason]++
  }
}

/** When certificates of a CA expire, in milliseconds since 1970. */
export interface CaExpiry { readonly root: number, readonly intermediate: number, readonly server: number }

export function addCaMetrics(page: MetricsPage, { issued, failed, refused, seconds }: CaCounters, expiry: CaExpiry): void {
  page.counter('mtlscope_ca_issued_total', 'Certificates given to who asked for one.', issued)
  page.counter('mtlscope_ca_refused_total', 'Requests for a certificate that were refused: an unknown or expired token, too many of one caller, a request that is none, names that are not the caller\'s.', Object.entries(refused).map(([reason, value]) => [{ reason }, value]))
  page.counter('mtlscope_ca_failed_total', 'Requests for a certificate that could not be answered, and come again.', failed)
  page.histogram('mtlscope_ca_sign_duration_seconds', 'From a request for a certificate to its answer, refusals too.', seconds)
  page.gauges('mtlscope_ca_certificate_expiry_timestamp_seconds', 'When certificates of the CA expire, since 1970; of two roots the one that issues.', Object.entries(expiry).map(([certificate, millis]) => [{ certificate }, Math.floor(millis / 1000)]))
}
