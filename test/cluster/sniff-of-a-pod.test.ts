import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { findProgram, run } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { busyboxPod, useCluster } from './test-cluster.ts'

const TALKER = 'busybox mkdir /www; echo hi > /www/index.html; busybox httpd -p 8080 -h /www; while :; do busybox wget -qO- http://127.0.0.1:8080/; busybox sleep 1; done'

test('packets of a pod that has no tcpdump, by its name', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined || !need(t, 'cluster', findProgram('tshark') !== undefined, 'tshark')) return
  await cluster.apply(t, busyboxPod('talker', TALKER))
  await cluster.untilPodRuns('talker')
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-sniff-pod-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'talker.pcapng')
  const { code, stderr } = await cluster.mtlscope('sniff', '^talker$', 'port', '8080', '-w', file, '-c', '12', '--for', '60s')
  assert.equal(code, 0, stderr)
  const { stdout } = await run('tshark', ['-r', file, '-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri', '-e', 'frame.interface_name'], { timeoutMs: 60_000 })
  assert.match(stdout, /^\/\ttalker\.default\/lo$/m)
})
