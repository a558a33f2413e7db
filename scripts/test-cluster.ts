// `npm run test:cluster [-- FILTER…] [-- --built] [-- --for 45m]`: starts a node of its own, runs test/cluster/ on it, and takes it away again.
// `--only-build`: makes what it needs, and runs nothing. `--built`: dist/ as it is.
// A test that would skip for want of the node fails here. What is not done within the time is ended, as failed; building is not counted.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { spec } from 'node:test/reporters'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ROOT, filesOf } from './checkout.ts'
import { buildComponents } from './cluster/components.ts'
import { down } from './cluster/down.ts'
import { buildHelm } from './cluster/helm.ts'
import { buildKubectl } from './cluster/kubectl.ts'
import { clusterPlace } from './cluster/place.ts'
import { loadImage, up } from './cluster/up.ts'
import { CLUSTER_PROGRAMS, missingPrograms, packagesOf } from './programs.ts'
import { TestRun } from './test-run.ts'

const TEST_TIMEOUT_MS = 900_000
const MINUTE_MS = 60_000
const DEFAULT_MINUTES = 60

const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' }, built: { type: 'boolean', default: false }, 'only-build': { type: 'boolean', default: false }, for: { type: 'string', default: `${DEFAULT_MINUTES}m` } } })
const minutes = Number(/^(\d+)m$/.exec(values.for)?.[1])
const files = filesOf('test/cluster/**/*.test.ts').filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)))
if (files.length === 0 || !(minutes > 0)) {
  console.error(files.length === 0 ? `no test file matches ${positionals.join(' ')}` : `not a number of minutes: --for ${values.for}`)
  process.exit(2)
}
const absent = missingPrograms(CLUSTER_PROGRAMS)
if (absent.length > 0 || process.getuid?.() !== 0) {
  console.error(absent.length > 0 ? `missing: ${absent.map(({ program }) => program).join(', ')}\n  to install: sudo apt-get install -y --no-install-recommends ${packagesOf(absent).join(' ')}` : 'a Kubernetes node needs root')
  process.exit(1)
}
const say = (text: string): void => console.log(text)
const place = clusterPlace(`test-${process.pid}`)
const late = new AbortController()
let timer: NodeJS.Timeout | undefined
const interrupted = (): void => void down(place).finally(() => process.exit(130))
process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
try {
  await build()
  if (!values['only-build']) await test()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  clearTimeout(timer)
  if (late.signal.aborted) console.error(`not done within ${minutes} minutes`)
  await down(place)
}

async function test(): Promise<void> {
  timer = setTimeout(() => late.abort(), minutes * MINUTE_MS)
  await up(place, say)
  await loadImage(place)
  process.env.MTLSCOPE_CLUSTER = place.name
  process.env.MTLSCOPE_REQUIRE = [process.env.MTLSCOPE_REQUIRE, 'cluster'].filter(Boolean).join(',')
  const run = new TestRun(values.name, late.signal)
  await pipeline(Readable.from(run.events([[{ files, concurrency: 1, timeoutMs: TEST_TIMEOUT_MS }]])), new spec(), process.stdout, { end: false })
  process.exitCode = run.failed || late.signal.aborted ? 1 : 0
}

/** All that is kept for the next time, and dist/, which the image holds. */
async function build(): Promise<void> {
  await buildComponents(say)
  await buildKubectl(say)
  if (files.some((file) => readFileSync(ROOT + file, 'utf8').includes('helm.ts'))) await buildHelm(say)
  if (!values.built) await import('./build.ts')
}
