#!/usr/bin/env node
import { VERSION } from '../base/version.ts'
import { keepCompiledCode } from './compiled-code.ts'

// The answer to --version needs none of what the commands load.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`mtlscope ${VERSION}\n`)
} else {
  keepCompiledCode()
  const { runProgram } = await import('./program.ts')
  await runProgram(process.argv)
}
