import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseStatus, readCredentials } from './process-credentials.ts'

test('the ids of the file system and the capabilities that matter', () => {
  const status = 'Name:\tnode\nUid:\t1\t2\t3\t1337\nGid:\t5\t6\t7\t8\nCapPrm:\t0000000000003000\nCapEff:\t0000000000000000\n'
  assert.deepEqual(parseStatus(status), { uid: 1337, gid: 8, capabilities: ['NET_ADMIN', 'NET_RAW'] })
  assert.equal(parseStatus('Name:\tx\n'), undefined)
  assert.equal(readCredentials('/proc', process.pid)?.uid, process.getuid!())
})
