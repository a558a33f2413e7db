import type { Histogram } from './histogram.ts'

export type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

/** Media type of the Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A page of metrics in the text format. Each name is added once, with all of its samples. */
export class MetricsPage {
  #text = ''

  gauge(name: string, help: string, value: number, labels: Labels = {}): void {
    this.#family(name, 'gauge', help, [[labels, value]])
  }

  /** As `gauge`, with several samples. */
  gauges(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, 'gauge', help, samples)
  }

  counter(name: string, help: string, samples: number | readonly Sample[]): void {
    this.#family(name, 'counter', help, typeof samples === 'number' ? [[{}, samples]] : samples)
  }

  /** Samples as of now. */
  histogram(name: string, help: string, { bounds, counts, sum, count }: Histogram): void {
    let below = 0
    const buckets = bounds.map((bound, index) => `${name}_bucket{le="${bound}"} ${below += counts[index]!}\n`).join('')
    this.#head(name, 'histogram', help)
    this.#text += `${buckets}${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${valueText(sum)}\n${name}_count ${count}\n`
  }

  text(): string {
    return this.#text
  }

  #head(name: string, type: string, help: string): void {
    this.#text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
  }

  #family(name: string, type: string, help: string, samples: readonly Sample[]): void {
    this.#head(name, type, help)
    for (const [labels, value] of samples) this.#text += `${name}${labelText(labels)} ${valueText(value)}\n`
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function valueText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
