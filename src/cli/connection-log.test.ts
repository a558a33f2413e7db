import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FinishedConnection } from '../proxy/relay/connection-report.ts'
import { ConnectionLog } from './connection-log.ts'

const CONNECTION: FinishedConnection = {
  id: 7, direction: 'inbound', mode: 'mtls', security: 'mtls', client: '10.1.2.3:4444', destination: '10.1.2.4:8080', clientIdentity: undefined, serverIdentity: undefined,
  bytesSent: 1, bytesReceived: 2, openedAtMs: 0, durationMs: 1, tlsVersion: 'TLSv1.3', resumed: false, reason: 'finished', detail: '',
}

test('a full disk is told once, and loses lines only', async (t) => {
  const fd = openSync('/dev/full', 'w')
  t.after(() => closeSync(fd))
  const said: string[] = []
  const log = new ConnectionLog((text) => said.push(text), fd)
  for (let n = 0; n < 3; n++) log.write([CONNECTION], 'json')
  await log.end()
  log.write([CONNECTION, CONNECTION], 'json')
  await log.end()
  assert.deepEqual(said, ['cannot write standard output: ENOSPC: lines of connections are left out'])
})

test('each connection is a line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-log-'))
  const file = join(folder, 'log')
  const fd = openSync(file, 'w')
  t.after(() => {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })
  const log = new ConnectionLog(() => assert.fail('nothing to tell'), fd)
  log.write([CONNECTION, CONNECTION], 'json')
  log.write([CONNECTION], 'text')
  await log.end()
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.deepEqual(lines.map((line) => line.slice(0, 9)), ['{"time":"', '{"time":"', '1970-01-0', ''])
})
