import assert from 'node:assert/strict'

export interface Sample { readonly name: string, readonly labels: Record<string, string>, readonly value: number }

/** A strict reader of the Prometheus text format 0.0.4: HELP, TYPE, samples, each family once and together; counters end in _total, histograms add up. */
export function parseMetrics(text: string): Sample[] {
  assert.ok(text.endsWith('\n'))
  const samples: Sample[] = []
  const types = new Map<string, string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (comment?.[1] === 'HELP') {
      assert.ok(!types.has(comment[2]!), `${comment[2]} twice`)
      family = comment[2]!
    } else if (comment !== null) {
      assert.equal(comment[2], family)
      assert.match(comment[3]!, /^(counter|gauge|histogram)$/)
      types.set(family, comment[3]!)
    } else samples.push(parseSample(line, family, types.get(family)))
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, samples)
  assert.equal(new Set(samples.map(({ name, labels }) => name + JSON.stringify(labels))).size, samples.length, 'a sample twice')
  return samples
}

/** The value of one sample; the labels are some of its. */
export function valueOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number | undefined {
  return samples.find((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value
}

function parseSample(line: string, family: string, type: string | undefined): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|\+Inf|NaN)$/.exec(line)
  assert.ok(match !== null, `not a sample: ${line}`)
  const name = match[1]!
  if (type === 'histogram') assert.ok(['_bucket', '_sum', '_count'].some((end) => name === family + end), line)
  else assert.equal(name, family)
  if (type === 'counter' && family.startsWith('mtlscope_')) assert.match(family, /_total$/)
  const labels = Object.fromEntries([...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label!, value!.replace(/\\(.)/g, (_, c: string) => c === 'n' ? '\n' : c)]))
  return { name, labels, value: Number(match[3]!.replace('+Inf', 'Infinity')) }
}

/** Bounds ascend to infinity, counts never fall, and the last is the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`).map(({ labels, value }) => ({ bound: Number(labels.le!.replace('+Inf', 'Infinity')), value }))
  assert.equal(buckets.at(-1)?.bound, Infinity, name)
  for (const [index, { bound, value }] of buckets.entries()) {
    const before = buckets[index - 1]
    if (before !== undefined) assert.ok(bound > before.bound && value >= before.value, `${name} at ${bound}`)
  }
  assert.equal(valueOf(samples, `${name}_count`), buckets.at(-1)!.value)
  assert.ok(valueOf(samples, `${name}_sum`) !== undefined, name)
}
