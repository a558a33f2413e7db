import type { MetricsPage } from './metrics-page.ts'

/** What Prometheus asks of every process, by the names that its own libraries give: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics */
export function addProcessMetrics(page: MetricsPage, startedAtMs: number): void {
  page.gauge('process_start_time_seconds', 'When it was started, since 1970.', startedAtMs / 1000)
  const cpu = process.cpuUsage()
  page.counter('process_cpu_seconds_total', 'User and system time of this process.', (cpu.user + cpu.system) / 1e6)
  page.gauge('process_resident_memory_bytes', 'Resident set of this process.', process.memoryUsage.rss())
}
