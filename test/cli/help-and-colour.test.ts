import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { need } from '../require.ts'
import { CAPTURES, shell } from './transcript.ts'

/** Only of what hangs: no bound of a test ends what is waited for without turns. */
const LONG_MS = 100_000
const COMMANDS = ['', 'tap', 'demo', 'ca', 'ca init', 'ca issue', 'ca serve', 'ca token', 'ca rotate-root', 'ca show', 'doctor', 'completion']
/** Of all commands, asked once. */
const allHelp = shell(COMMANDS.map((command) => `mtlscope ${command} --help`).join('\n'), CAPTURES).then(({ stdout }) => stdout)
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

for (const command of COMMANDS) {
  test(`mtlscope ${command} --help shows examples that the program understands`, async () => {
    const { status, stdout, stderr } = await shell(`mtlscope ${command} --help`, CAPTURES)
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /^Usage: mtlscope /)
    const examples = stdout.slice(stdout.indexOf('Examples:')).split('\n').filter((line) => /^ +.*\bmtlscope\b/.test(line))
    assert.ok(examples.length >= 3, stdout)
    const known = await allHelp
    for (const option of examples.join(' ').match(/(?<= )--?[a-z][a-z-]*/g) ?? []) {
      if (/wireshark/.test(examples.find((line) => line.includes(option)) ?? '') && /^-[ki]$/.test(option)) continue
      assert.ok(known.includes(option), `${option} in an example of ${command}`)
    }
  })
}

/** On a terminal of script(1), where colours are wanted unless somebody says otherwise. */
function onTerminal(env: string): string {
  const line = `stty cols 150; ${env} "${process.execPath}" "${new URL('../../src/cli/main.ts', import.meta.url).pathname}" tap -r http1-node.pcap`
  return spawnSync('script', ['-qec', line, '/dev/null'], { cwd: CAPTURES, encoding: 'utf8', timeout: LONG_MS, killSignal: 'SIGKILL' }).stdout
}

test('colours on a terminal, none with NO_COLOR or a dumb one', (t) => {
  if (!need(t, 'peers', has('script'), 'script')) return
  const coloured = onTerminal('TERM=xterm NO_COLOR=')
  assert.ok(coloured.includes('\x1b[31m─── CLEAR on the wire'))
  for (const env of ['TERM=xterm NO_COLOR=1', 'TERM=dumb NO_COLOR=']) {
    const plain = onTerminal(env)
    assert.ok(plain.includes('─── CLEAR on the wire') && !/\x1b\[\d+m/.test(plain), env)
  }
})

test('the completion scripts load', async (t) => {
  const shells = ['bash', 'zsh', 'fish'].filter(has)
  assert.ok(shells.includes('bash'))
  for (const name of shells) {
    const load = name === 'fish' ? 'source' : 'eval "$(cat)"; true'
    const { status, stderr } = await shell(`mtlscope completion ${name} | ${name} -c '${load}'`, CAPTURES)
    assert.deepEqual([status, stderr], [0, ''], name)
  }
  t.diagnostic(`loaded in ${shells.join(', ')}`)
})
