// Compiles src/ to dist/, the form that is published.
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { ROOT, packaged } from './checkout.ts'
import { runProgram } from './run-program.ts'

const ENTRY = `${ROOT}dist/cli/main.js`

rmSync(`${ROOT}dist`, { recursive: true, force: true })
const { code, output } = await runProgram(packaged('tsc'), ['-p', 'tsconfig.build.json'])
process.stderr.write(output)
if (code === 0) makeExecutable()
process.exitCode = code

function makeExecutable(): void {
  if (!readFileSync(ENTRY, 'utf8').startsWith('#!/usr/bin/env node\n')) throw new Error('src/cli/main.ts must start with #!/usr/bin/env node')
  chmodSync(ENTRY, 0o755)
}
