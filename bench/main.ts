// npm run bench [-- NAME… --json FILE --against REF]: see CONTRIBUTING.md, "Benches".
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { VERSION } from '../src/base/version.ts'
import { runAgainst } from './against.ts'
import type { Bench } from './contract.ts'
import { measure } from './measure.ts'
import type { Result } from './report.ts'
import { earlierOf, renderResult } from './report.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

function nameOf(file: string): string {
  return basename(file, '.bench.ts')
}

/** File names of the benches asked for. `known` leaves out what is not there instead of refusing it. */
function chosen(names: readonly string[], known: boolean): string[] {
  const all = globSync('bench/*.bench.ts', { cwd: ROOT }).sort()
  const strange = names.filter((name) => !all.some((file) => nameOf(file) === name))
  if (strange.length > 0 && !known) {
    console.error(`no bench named ${strange.join(', ')}; there are: ${all.map(nameOf).join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? all : all.filter((file) => names.includes(nameOf(file)))
}

/** The folder of the bench that runs. Captures in it can be large, so Ctrl-C removes it, too. */
let current: string | undefined

function removeFolder(): void {
  if (current !== undefined) rmSync(current, { recursive: true, force: true })
  current = undefined
}

process.on('SIGINT', () => {
  removeFolder()
  process.exit(130)
})

async function runBench(file: string): Promise<Result> {
  const { bench } = await import(join(ROOT, file)) as { bench: Bench }
  const folder = current = mkdtempSync(join(tmpdir(), `mtlscope-${bench.name}-`))
  try {
    progress(`${bench.name} …`)
    const rows = await bench.run({ folder, progress: (text) => progress(`${bench.name}: ${text}`) })
    return { name: bench.name, claim: bench.claim, rows }
  } finally {
    progress('')
    removeFolder()
  }
}

/** Benches run what is published, so it is made anew from what lies here. */
async function build(): Promise<void> {
  progress('compiling …')
  const { code } = await measure(process.execPath, ['scripts/build.ts'], { cwd: ROOT })
  if (code === 0) return
  console.error('src/ does not compile: npm run build')
  process.exit(1)
}

function machine() {
  return { version: VERSION, node: process.version, kernel: release(), arch: process.arch, cpus: cpus().length, cpu: cpus()[0]?.model }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, against: { type: 'string' }, known: { type: 'boolean', default: false } },
})
const files = chosen(positionals, values.known)
await build()
const earlier = values.against === undefined ? undefined : earlierOf(runAgainst(values.against, files.map(nameOf)))
const { cpu, cpus: cores, node, kernel, arch } = machine()
console.log(`${cpu}, ${cores} cores, ${arch}, Linux ${kernel}, Node ${node}\n`)
const results: Result[] = []
for (const file of files) {
  const result = await runBench(file)
  results.push(result)
  console.log(renderResult(result, earlier))
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`)
