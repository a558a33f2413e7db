import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { Histogram } from './histogram.ts'
import { MetricsPage } from './metrics-page.ts'
import { parseMetrics, valueOf } from './metrics.fixture.ts'
import { addProcessMetrics } from './process-metrics.ts'

test('a histogram counts each value once, in the first bucket that holds it', () => {
  const histogram = new Histogram([0.001, 0.01, 1])
  for (const value of [0.001, 0.0011, 0.5, 1, 7]) histogram.observe(value)
  const page = new MetricsPage()
  page.histogram('mtlscope_x_seconds', 'X.', histogram)
  const samples = parseMetrics(page.text())
  assert.deepEqual(['0.001', '0.01', '1', '+Inf'].map((le) => valueOf(samples, 'mtlscope_x_seconds_bucket', { le })), [1, 2, 4, 5])
  assert.equal(valueOf(samples, 'mtlscope_x_seconds_sum'), 8.5021)
})

test('whatever was observed, a strict reader takes the page, and nothing is lost', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (values) => {
    const histogram = new Histogram([1e-3, 1, 1e3])
    for (const value of values) histogram.observe(value)
    const page = new MetricsPage()
    page.histogram('mtlscope_x_seconds', 'X.', histogram)
    assert.equal(valueOf(parseMetrics(page.text()), 'mtlscope_x_seconds_count'), values.length)
  }))
})

test('every process tells its start, its time and its memory', () => {
  const page = new MetricsPage()
  addProcessMetrics(page, 12_000)
  const samples = parseMetrics(page.text())
  assert.equal(valueOf(samples, 'process_start_time_seconds'), 12)
  assert.ok(valueOf(samples, 'process_cpu_seconds_total')! > 0 && valueOf(samples, 'process_resident_memory_bytes')! > 1e6)
})
