import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckReport } from '../../src/check/verdict.ts'
import { need } from '../require.ts'
import { startSidecarPair } from './check-sidecar-pair.ts'
import { ensureNetns } from './enter.ts'
import { tempFolder } from './peers.ts'
import { SniffProcess } from './sniff-process.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()

test('check reads what sniff wrote: workloads by name, loopback hops no edges, TLS and plaintext told apart', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { web, cart, callThrough, callBeside } = await startSidecarPair(t)
  const file = join(tempFolder(t), 'shop.pcapng')
  const sniff = new SniffProcess(t, ['--netns', web.name, '--netns', cart.name, '-w', file])
  await sniff.capturing()
  callThrough('/through')
  callBeside('/beside')
  await sleep(300)
  assert.equal(await sniff.interrupt(), 0, sniff.stderr)

  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'check', '-r', file, '-o', 'json'], { encoding: 'utf8' })
  const report = JSON.parse(stdout) as CheckReport
  assert.deepEqual(report.edges.map(({ client, server, port, verdict }) => [client, server, port, verdict]).toSorted(), [
    [web.name, cart.name, 15_006, 'mtls (inferred)'], [web.name, cart.name, 8080, 'plaintext'],
  ].toSorted(), stderr)
  assert.equal(report.clearHops, 2)
})
