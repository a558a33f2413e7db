// `npm test [-- FILTER… --name PATTERN]`: every test of the project, or those whose path contains a filter and whose name matches.
import { availableParallelism } from 'node:os'
import { spec } from 'node:test/reporters'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { ROOT, filesOf } from './checkout.ts'
import { TestRun } from './test-run.ts'

/** These make namespaces, rings and load, or start whole programs and browsers: of either kind one file at a time, and so two, so that none is starved by others. */
const LANES = [/^test\/(?:netns|cli)\//, /^test\/(?:peers|ui)\//]

/** Of one that hangs: on a machine with other work seconds become a minute. */
const TEST_TIMEOUT_MS = 180_000

function selected(filters: readonly string[]): string[] {
  // Those of test/cluster need a node: `npm run test:cluster` starts one for them.
  const files = filesOf('src/**/*.test.ts', 'ui/src/**/*.test.ts', 'test/**/*.test.ts').filter((file) => !file.startsWith('test/cluster/'))
  const wanted = filters.map((filter) => filter.replace(/^\.\//, '').replace(ROOT, ''))
  return wanted.length === 0 ? files : files.filter((file) => wanted.some((word) => file.includes(word)))
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' } } })
const files = selected(positionals)
if (files.length === 0) {
  console.error(`no test file matches ${positionals.join(' ')}`)
  process.exit(2)
}
// Each test file is a process that strips the types of all it imports: once is enough for all of them.
process.env.NODE_COMPILE_CACHE ??= `${ROOT}node_modules/.cache/compile`
const run = new TestRun(values.name)
await pipeline(Readable.from(run.events([
  [{ files: files.filter((file) => LANES.every((lane) => !lane.test(file))), concurrency: Math.max(2, availableParallelism()), timeoutMs: TEST_TIMEOUT_MS }],
  LANES.map((lane) => ({ files: files.filter((file) => lane.test(file)), concurrency: 1, timeoutMs: TEST_TIMEOUT_MS })),
])), new spec(), process.stdout, { end: false })
// Failures are told in full after the counts, so the counts are said once more where they are looked for.
if (run.failed) console.log(`\n${run.closingLines.map((line) => `ℹ ${line}`).join('\n')}`)
process.exitCode = run.failed ? 1 : 0
