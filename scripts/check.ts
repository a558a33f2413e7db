// `npm run check [-- STEP…] [-- --no-tests]`: what must hold before a commit. Every step runs, whatever the others said.
// `--no-tests`: without the steps that run tests, all of which are among those of `npm test`.
import { mkdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ROOT, filesOf, packaged } from './checkout.ts'
import type { Outcome } from './run-program.ts'
import { runProgram } from './run-program.ts'

interface Step {
  readonly name: string
  run(): Promise<Outcome>
  readonly hasTests?: true
  /** What to say beside the time when it went well. */
  summary?(output: string): string
}

/** What the compiler has found of files that have not changed since. */
const TYPES_KNOWN = `${ROOT}node_modules/.cache/types`
const GOLDEN_TEST = 'what tshark said when it was made'
/** Output of a step that found nothing to run. */
const NOTHING = 'none yet'

const node = (...args: string[]): Promise<Outcome> => runProgram(process.execPath, args)

const STEPS: readonly Step[] = [
  { name: 'types', run: () => types('tsconfig.json', 'program') },
  { name: 'ui types', run: viewerTypes },
  { name: 'lint', run: () => runProgram(packaged('oxlint'), ['--deny-warnings']), summary: (output) => /on (\d+ files)/.exec(output)?.[1] ?? '' },
  { name: 'layers', hasTests: true, run: () => node('scripts/test.ts', 'test/architecture/'), summary: testCounts },
  { name: 'sizes', run: () => node('scripts/sizes.ts'), summary: (output) => `\n${output.trimEnd().replace(/^/gm, '    ')}` },
  { name: 'docs', run: () => node('scripts/docs.ts', '--check') },
  { name: 'units', hasTests: true, run: units, summary: testCounts },
  { name: 'goldens', hasTests: true, run: goldens, summary: testCounts },
]

/** `known`: under which name is kept what was found. */
function types(project: string, known: string): Promise<Outcome> {
  mkdirSync(TYPES_KNOWN, { recursive: true })
  return runProgram(packaged('tsc'), ['-p', project, '--incremental', '--tsBuildInfoFile', `${TYPES_KNOWN}/${known}.tsbuildinfo`])
}

/** The viewer knows a browser and no Node; its tests know both. */
async function viewerTypes(): Promise<Outcome> {
  const viewer = await types('ui/tsconfig.json', 'viewer')
  return viewer.code === 0 ? await types('test/ui/tsconfig.json', 'viewer-tests') : viewer
}

/** The contract suite tries fewer cuts, gaps and flips here than under `npm test`. */
function units(): Promise<Outcome> {
  return runProgram(process.execPath, ['scripts/test.ts', 'src/'], { env: { MTLSCOPE_CONTRACT: 'quick' } })
}

/** Our reading of captures made from real peers, compared with what tshark said of them when they were made. Needs no tshark. */
async function goldens(): Promise<Outcome> {
  if (filesOf('test/fixtures/captures/*.golden.json').length === 0) return { code: 0, output: NOTHING }
  // To start the others for no test at all took longer than these take.
  const files = filesOf('test/peers/*.test.ts').filter((file) => readFileSync(ROOT + file, 'utf8').includes(GOLDEN_TEST))
  return await node('scripts/test.ts', '--name', GOLDEN_TEST, ...files)
}

function testCounts(output: string): string {
  const count = (name: string): string | undefined => new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1]
  const tests = count('tests')
  if (tests === undefined) return output.trim()
  const skipped = count('skipped')
  return skipped === '0' ? `${tests} tests` : `${tests} tests, ${skipped} skipped`
}

/** Of a test run only what failed; of anything else all of it. */
function failuresOf(output: string): string {
  const at = output.indexOf('✖ failing tests:')
  return at < 0 ? output : output.slice(at)
}

/** Runs a step, prints its line, and its output where it failed. */
async function failed(step: Step): Promise<boolean> {
  const start = performance.now()
  const { code, output } = await step.run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5)
  const sign = code !== 0 ? '✗' : output === NOTHING ? '–' : '✓'
  console.log(`${sign} ${step.name.padEnd(8)} ${seconds} s  ${code === 0 ? step.summary?.(output) ?? '' : ''}`.trimEnd())
  if (code !== 0) console.log(failuresOf(output).trimEnd().replace(/^/gm, '    '))
  return code !== 0
}

const { positionals: wanted, values } = parseArgs({ allowPositionals: true, options: { 'no-tests': { type: 'boolean', default: false } } })
const steps = STEPS.filter(({ name, hasTests }) => (wanted.length === 0 || wanted.includes(name)) && !(values['no-tests'] && hasTests))
if (steps.length === 0) {
  console.error(`no step named ${wanted.join(' ')}; there are: ${STEPS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const bad: string[] = []
const start = performance.now()
for (const step of steps) if (await failed(step)) bad.push(step.name)
console.log(`${bad.length === 0 ? 'all is well' : `failed: ${bad.join(', ')}`}  (${((performance.now() - start) / 1000).toFixed(1)} s)`)
process.exitCode = bad.length === 0 ? 0 : 1
