// `npm run test:cluster [-- FILTER…]`: starts a node of its own, runs test/cluster/ on it, and takes it away again.
import { parseArgs } from 'node:util'
import { spec } from 'node:test/reporters'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { filesOf } from './checkout.ts'
import { down } from './cluster/down.ts'
import { clusterPlace } from './cluster/place.ts'
import { loadImage, up } from './cluster/up.ts'
import { TestRun } from './test-run.ts'

const TEST_TIMEOUT_MS = 600_000

const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' }, built: { type: 'boolean', default: false } } })
const files = filesOf('test/cluster/**/*.test.ts').filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)))
if (files.length === 0) {
  console.error(`no test file matches ${positionals.join(' ')}`)
  process.exit(2)
}
// The image holds dist/.
if (!values.built) await import('./build.ts')
const place = clusterPlace(`test-${process.pid}`)
const interrupted = (): void => void down(place).finally(() => process.exit(130))
process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
try {
  await up(place, (text) => console.log(text))
  await loadImage(place)
  process.env.MTLSCOPE_CLUSTER = place.name
  const run = new TestRun(values.name)
  await pipeline(Readable.from(run.events([{ files, concurrency: 1, timeoutMs: TEST_TIMEOUT_MS }])), new spec(), process.stdout, { end: false })
  process.exitCode = run.failed ? 1 : 0
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await down(place)
}
