import assert from 'node:assert/strict'
import test from 'node:test'
import type { MessageRow } from '../../../src/model/api.ts'
import { requestRow } from './request-row.ts'

const ROW: MessageRow = {
  id: 7, atMicros: 1, protocol: 'http1', what: 'GET /', outcome: 'ok', flow: 1, client: { ip: '127.0.0.1', port: 4000 }, server: { ip: '127.137.0.2', port: 8080 },
  capture: 'sidecar', hop: 'clear', namespace: 'web', verdict: 'clear', complete: true, way: { from: 'web', verdict: 'mtls-seen', hops: 2 },
}

test('a joined request goes from workload to workload; what is not known stays as it was seen', () => {
  const { client, server, verdict, way } = requestRow(ROW, true)
  assert.deepEqual([client.name, client.ip, server, verdict, way], ['web', '127.0.0.1', ROW.server, 'mtls-seen', ROW.way])
})

test('among all hops a row is its own hop', () => {
  const { way: _way, ...own } = ROW
  assert.deepEqual(requestRow(ROW, false), own)
})
