import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const capture = (name: string): string => join('test/fixtures/captures', name)

/** The program as it is started from the sources. */
function check(...args: string[]): Promise<{ code: number | null, stdout: string, stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['src/cli/main.ts', 'check', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

test('what is expected decides the exit code, and proof is more than inference', async () => {
  const [proved, inferred, enough, decrypted] = await Promise.all([
    check('-r', capture('tls12-mutual.pcapng'), '--expect', 'mtls'),
    check('-r', capture('decrypted-13-mutual.pcap'), '--expect', 'mtls'),
    check('-r', capture('decrypted-13-mutual.pcap'), '--expect', 'mtls-inferred'),
    check('-r', capture('decrypted-13-mutual.pcap'), '--expect', 'mtls', '--keylog', capture('decrypted-13-mutual.keylog')),
  ])
  assert.deepEqual([proved.code, inferred.code, enough.code, decrypted.code], [0, 1, 0, 0], [proved, inferred, enough, decrypted].map(({ stderr }) => stderr).join('\n'))
  assert.match(proved.stdout, /^●═● mtls .*\n[^]*every edge is at least mtls\n$/)
  assert.match(inferred.stdout, /1 edge is less than mtls\n$/)
})

test('an allowed edge may be less, a baseline tells what got worse, and a bad one is usage', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-check-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const plain = capture('http1-node.pcap')
  const [allowed, json] = await Promise.all([check('-r', plain, '--expect', 'mtls', '--allow', '* -> *'), check('-r', plain, '-o', 'json')])
  assert.equal(allowed.code, 0, allowed.stderr)
  const before = join(folder, 'before.json')
  writeFileSync(before, json.stdout)
  writeFileSync(join(folder, 'better.json'), json.stdout.replaceAll('"verdict":"plaintext"', '"verdict":"mtls"'))
  const [same, worse, bad] = await Promise.all([
    check('-r', plain, '--baseline', before), check('-r', plain, '--baseline', join(folder, 'better.json')), check('-r', plain, '--baseline', join(ROOT, 'package.json')),
  ])
  assert.deepEqual([same.code, worse.code, bad.code], [0, 1, 2], bad.stderr)
  assert.match(worse.stdout, /plaintext, was mtls/)
})

test('a file that is none is an error, and every format comes out', async () => {
  const [none, ...reports] = await Promise.all([
    check('-r', 'package.json'), ...['junit', 'sarif', 'html', 'md'].map((format) => check('-r', capture('tls12-mutual.pcapng'), '-o', format)),
  ])
  assert.equal(none.code, 1)
  assert.match(none.stderr, /is not a capture/)
  assert.deepEqual(reports.map(({ code, stdout }) => [code, stdout.slice(0, 5)]), [[0, '<?xml'], [0, '{"$sc'], [0, '<!doc'], [0, '# mTL']])
})
