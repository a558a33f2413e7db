import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Health } from '../../src/model/health.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import { serveShop } from './peers.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()
const hasWrk = spawnSync('wrk', ['--version']).error === undefined
const MAX_MEMORY_KB = 700 * 1024
/** More messages than pipe and buffers hold; a slow machine needs a while for them. */
const TOO_MANY = 20_000
/** A pipe holds 64 KiB, a message has some hundred bytes. */
const MORE_THAN_A_PIPE = 1000

test('a reader that stops reading costs messages, which are counted, and never packets', { timeout: 150_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', hasWrk, 'wrk')) return
  const namespace = addNamespace(t, 'slow')
  await serveShop(t, namespace)
  const tap = spawn(process.execPath, [MAIN, 'tap', '--netns', namespace.name, '-o', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => { tap.kill('SIGKILL') })
  let said = ''
  tap.stderr.on('data', (text) => { said += text })
  while (!said.includes('capturing')) await once(tap.stderr, 'data')

  // Nobody reads standard output meanwhile.
  for (let requests = 0; requests < TOO_MANY;) {
    const [, count] = /(\d+) requests in/.exec(namespace.run('wrk', '-t1', '-c8', '-d1s', 'http://127.0.0.1:8080/length')) ?? []
    requests += Number(count)
  }
  await sleep(200)
  const peakKb = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${tap.pid}/status`, 'latin1'))?.[1])
  assert.ok(peakKb < MAX_MEMORY_KB, `${peakKb} kB`)
  let last = ''
  let lines = 0
  tap.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (last + text).split('\n')
    last = parts.pop()!
    lines += parts.length
    if (last === '') [last, lines] = [`${parts.at(-1)}\n`, lines - 1]
  })
  tap.kill('SIGINT')
  const [code] = await once(tap, 'close')
  const { health } = JSON.parse(last) as { health: Health }
  assert.equal(code, 0, said)
  assert.equal(health.droppedByKernel, 0)
  assert.ok(health.droppedBodies + health.droppedMessages > 0, JSON.stringify(health))
  assert.match(said, /the reader of the output is too slow/)
  t.diagnostic(`${health.messages} messages, ${lines} lines, ${health.droppedBodies} bodies and ${health.droppedMessages} messages dropped, peak ${Math.round(peakKb / 1024)} MiB`)
})

test('a reader that stopped reading cannot keep the tap from ending', { timeout: 150_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', hasWrk, 'wrk')) return
  const namespace = addNamespace(t, 'stuck')
  await serveShop(t, namespace)
  // A real pipe, made by a shell; its reader sleeps. The number of the tap's process comes first on standard error.
  const words = [process.execPath, MAIN, 'tap', '--netns', namespace.name, '-o', 'json']
  const pipe = spawn('bash', ['-c', '{ "$@" & echo "pid $!" >&2; wait $!; echo "ended $?" >&2; } | sleep 600', 'bash', ...words], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  t.after(() => { process.kill(-pipe.pid!, 'SIGKILL') })
  let said = ''
  pipe.stderr.on('data', (text) => { said += text })
  const saying = async (text: string): Promise<void> => {
    while (!said.includes(text)) await once(pipe.stderr, 'data')
  }
  await saying('capturing')
  for (let requests = 0; requests < MORE_THAN_A_PIPE;) {
    requests += Number(/(\d+) requests in/.exec(namespace.run('wrk', '-t1', '-c4', '-d1s', 'http://127.0.0.1:8080/length'))?.[1])
  }
  const pid = Number(/pid (\d+)/.exec(said)?.[1])
  process.kill(pid, 'SIGINT')
  await sleep(500)
  assert.ok(!said.includes('ended'), 'the first Ctrl-C waits for the reader')
  // Of a process that does not get to run two signals may be one.
  for (let n = 0; n < 600 && !said.includes('ended'); n++) {
    process.kill(pid, 'SIGINT')
    await sleep(100)
  }
  await saying('ended 130')
})
