// How long files and functions are: the median, and each function that is longer than it should be.
import { readFileSync } from 'node:fs'
import { ROOT, filesOf, packaged } from './checkout.ts'
import { runProgram } from './run-program.ts'

const FUNCTION_WARN_LINES = 40
const FILE_MEDIAN_LINES = 150
/** Reports every function, so that its message tells the length. */
const MEASURE = `${ROOT}scripts/sizes.oxlintrc.json`

interface Sized { readonly name: string, readonly lines: number }

function fileSizes(): Sized[] {
  return filesOf('src/**/*.ts').filter((path) => !path.endsWith('.test.ts'))
    .map((name) => ({ name, lines: readFileSync(ROOT + name, 'utf8').split('\n').length - 1 }))
}

/** Lines of each function without blank lines and comments, as the linter counts them. */
async function functionSizes(): Promise<Sized[]> {
  const { output } = await runProgram(packaged('oxlint'), ['-c', MEASURE, '-f', 'json', 'src'])
  const { diagnostics } = JSON.parse(output) as { diagnostics: { message: string, filename: string, labels: { span: { line: number } }[] }[] }
  return diagnostics.filter((d) => !d.filename.endsWith('.test.ts')).map((d) => ({
    name: `${d.filename}:${d.labels[0]?.span.line} ${/`([^`]+)`/.exec(d.message)?.[1] ?? ''}`.trim(),
    lines: Number(/\((\d+)\)/.exec(d.message)?.[1]),
  }))
}

function percentile(sizes: readonly Sized[], share: number): number {
  const lines = sizes.map((s) => s.lines).sort((a, b) => a - b)
  return lines[Math.min(lines.length - 1, Math.floor(lines.length * share))] ?? 0
}

function say(what: string, sizes: readonly Sized[]): void {
  const longest = sizes.reduce((a, b) => (b.lines > a.lines ? b : a), { name: '', lines: 0 })
  console.log(`${what}: ${sizes.length}, median ${percentile(sizes, 0.5)} lines, 90 % under ${percentile(sizes, 0.9) + 1}, longest ${longest.lines} (${longest.name})`)
}

const files = fileSizes()
const functions = await functionSizes()
say('files', files)
say('functions', functions)
for (const { name, lines } of functions.filter((f) => f.lines > FUNCTION_WARN_LINES)) {
  console.log(`warning: ${name} has ${lines} lines, better at most ${FUNCTION_WARN_LINES}`)
}
if (percentile(files, 0.5) > FILE_MEDIAN_LINES) {
  console.error(`half of the files are longer than ${percentile(files, 0.5)} lines, the limit is ${FILE_MEDIAN_LINES}`)
  process.exitCode = 1
}
