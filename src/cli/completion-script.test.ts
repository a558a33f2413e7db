import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { completionScript } from './completion-script.ts'
import { buildProgram } from './program.ts'

test('bash completes commands, options and choices', () => {
  const script = completionScript('bash', buildProgram())!
  const complete = (...words: string[]): string => spawnSync('bash', ['--norc', '-c', `${script}
COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _mtlscope; echo "\${COMPREPLY[@]}"`], { encoding: 'utf8' }).stdout.trim()
  assert.equal(complete('mtlscope', 'ta'), 'tap')
  assert.equal(complete('mtlscope', 'tap', '--not'), '--not-port')
  assert.equal(complete('mtlscope', 'tap', '-o', ''), 'compact json')
  assert.equal(complete('mtlscope', 'ca', 'tok'), 'token')
  assert.equal(complete('mtlscope', 'ca', 'token', 'r'), 'revoke')
  assert.equal(complete('mtlscope', 'ca', 'issue', '--sp'), '--spiffe')
  assert.equal(complete('mtlscope', 'ca', 'show', '-o', 'p'), 'pem')
})

test('zsh and fish have theirs, other shells none', () => {
  assert.match(completionScript('fish', buildProgram())!, /complete -c mtlscope .*-l mesh/)
  assert.match(completionScript('fish', buildProgram())!, /-n '__fish_seen_subcommand_from ca; and __fish_seen_subcommand_from issue' -l spiffe -r/)
  assert.match(completionScript('zsh', buildProgram())!, /bashcompinit/)
  assert.equal(completionScript('tcsh', buildProgram()), undefined)
})
