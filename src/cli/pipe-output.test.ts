import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { PipeOutput } from './pipe-output.ts'

/** Only of what hangs. */
const LONG_MS = 120_000
const OUTPUT = new URL('./pipe-output.ts', import.meta.url).href

/** Runs a script with `out`, the standard output, piped into a command. What that printed, and the script's standard error. */
function piped(script: string, reader: string): { stdout: string, stderr: string } {
  const code = `import { PipeOutput } from '${OUTPUT}'\nconst out = PipeOutput.open(1)\n${script}`
  return spawnSync('bash', ['--norc', '-c', `"$1" --input-type=module -e "$2" | ${reader}`, 'bash', process.execPath, code], { encoding: 'utf8', timeout: LONG_MS, env: { ...process.env, LC_ALL: 'C' } })
}

test('more than a pipe holds arrives whole and in order at a slow reader', () => {
  const { stdout, stderr } = piped(`
    const pieces = Array.from({ length: 300 }, (_, i) => String(i % 10).repeat(1000 + i))
    let settled = 0
    for (const p of pieces) out.write(p).then(() => settled++)
    console.error('kept waiting: no')
    process.on('exit', () => console.error('settled', settled))`, 'sleep 0.2 | cat; true')
  assert.equal(stdout, '')
  assert.match(stderr, /kept waiting: no/)
  const whole = piped(`for (let i = 0; i < 300; i++) void out.write(String(i % 10).repeat(1000 + i))`, '(sleep 0.2; cat)')
  assert.equal(whole.stdout, Array.from({ length: 300 }, (_, i) => String(i % 10).repeat(1000 + i)).join(''))
})

test('a reader that goes away settles what is left, and is no error', () => {
  const { stderr } = piped(`
    await Promise.all(Array.from({ length: 300 }, () => out.write('x'.repeat(1000))))
    console.error('closed', out.closed)`, 'head -c 10 > /dev/null')
  assert.equal(stderr.trim(), 'closed true')
})

test('what is no pipe is left to others', () => {
  const { status } = spawnSync('bash', ['-c', '"$1" --input-type=module -e "$2" > /dev/null', 'bash', process.execPath,
    `import { PipeOutput } from '${OUTPUT}'\nif (PipeOutput.open(1) !== undefined) process.exit(9)`])
  assert.equal(status, 0)
  assert.equal(PipeOutput.open(999), undefined)
})
