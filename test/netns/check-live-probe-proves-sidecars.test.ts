import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EdgeReport } from '../../src/check/verdict.ts'
import { need } from '../require.ts'
import { startSidecarPair } from './check-sidecar-pair.ts'
import { ensureNetns } from './enter.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()
const WAIT_MS = 60_000

async function until(holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds();) {
    if (performance.now() - start > WAIT_MS) throw new Error('it never came to that')
    await sleep(100)
  }
}

/** `mtlscope check … -o json` over what `talk` does, ended by Ctrl-C. */
async function check(t: TestContext, talk: () => void | Promise<void>, ...args: string[]): Promise<{ code: number | null, edges: EdgeReport[], stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'check', '-o', 'json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => { child.kill('SIGKILL') })
  const closed = once(child, 'close')
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  for (const start = performance.now(); !stderr.includes('capturing');) {
    if (performance.now() - start > WAIT_MS) throw new Error(`it never captured: ${stderr}`)
    await sleep(20)
  }
  await talk()
  // On a busy machine the kernel delivers some packets when whoever sent them has gone on.
  await sleep(500)
  child.kill('SIGINT')
  const [code] = await closed as [number | null]
  assert.ok(stdout.startsWith('{'), stderr)
  return { code, edges: (JSON.parse(stdout) as { edges: EdgeReport[] }).edges, stderr }
}

test('TLS 1.3 between two sidecars is inferred by looking and proved by --probe, but for a tunnel that was there before; beside it plaintext stays what it is', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { web, cart, callThrough, callBeside, openThrough, tunnels } = await startSidecarPair(t)
  const talk = (): void => {
    callThrough('/mesh')
    callBeside('/beside')
  }
  const places = ['--netns', web.name, '--netns', cart.name]
  const verdictAt = (edges: readonly EdgeReport[], port: number): string | undefined => edges.find((edge) => edge.port === port)?.verdict

  const looked = await check(t, talk, ...places)
  assert.deepEqual([verdictAt(looked.edges, 15_006), verdictAt(looked.edges, 8080)], ['mtls (inferred)', 'plaintext'], looked.stderr)

  // Both go by the tunnel that is there, or by another one; the watch sees no handshake of it.
  const older = openThrough()
  await older.say()
  await until(() => tunnels() > 0)
  const late = await check(t, () => older.say(), ...places, '--probe', '--expect', 'mtls-inferred')
  const inferred = late.edges.find(({ port }) => port === 15_006)
  assert.deepEqual([inferred?.verdict, inferred?.connections, inferred?.joinedLate, late.code], ['mtls (inferred)', { 'mtls (inferred)': 1 }, 1, 0], late.stderr)
  assert.match(inferred!.because, /older than the watch.* the server refuses whoever has no certificate/)

  await older.end()
  await until(() => tunnels() === 0)
  const probed = await check(t, talk, ...places, '--probe', '--expect', 'mtls')
  assert.deepEqual([verdictAt(probed.edges, 15_006), verdictAt(probed.edges, 8080)], ['mtls', 'plaintext'], probed.stderr)
  assert.equal(probed.code, 1, 'the plaintext edge is not what was expected')
  const proof = probed.edges.find(({ port }) => port === 15_006)!
  assert.ok(proof.evidence.some(({ kind, what }) => kind === 'probe' && what.includes('refused with certificate_required')), JSON.stringify(proof.evidence))
  assert.equal(proof.serverIdentity?.spiffeId, 'spiffe://shop.test/cart')
})
