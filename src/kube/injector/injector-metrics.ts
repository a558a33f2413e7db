import { Histogram } from '../../base/histogram.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'
import type { Admission } from './admit-pod.ts'

/** The goal of a review is 20 ms; the API server waits ten seconds at most. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 2.5, 10]

/** What became of reviews since the process began. */
export class InjectorCounters {
  readonly outcomes: Record<Admission['outcome'], number> = { injected: 0, left: 0, refused: 0, other: 0 }
  /** Status of the answer → requests that were no review. */
  readonly bad = new Map<number, number>([[400, 0], [413, 0], [503, 0]])
  readonly seconds = new Histogram(SECONDS)
}

export function addInjectorMetrics(page: MetricsPage, { outcomes, bad, seconds }: InjectorCounters, isReady: boolean): void {
  page.gauge('mtlscope_injector_ready', '1 where the API server would believe it; see /readyz.', isReady ? 1 : 0)
  page.counter('mtlscope_injector_reviews_total', 'Reviews answered: injected, left alone, refused with a reason, and what was no new pod.', Object.entries(outcomes).map(([outcome, value]) => [{ outcome }, value]))
  page.counter('mtlscope_injector_bad_requests_total', 'Requests to /inject that were no review (400), too large (413) or too many at a time (503).', [...bad].map(([status, value]) => [{ status: String(status) }, value]))
  page.histogram('mtlscope_injector_review_duration_seconds', 'From the head of a review to its answer, dry runs too.', seconds)
}
