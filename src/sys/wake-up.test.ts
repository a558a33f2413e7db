import assert from 'node:assert/strict'
import test from 'node:test'
import { Worker } from 'node:worker_threads'
import { pollFds } from './poll.ts'
import { WakeUp, takeWakeUps } from './wake-up.ts'

const LONG_MS = 30_000

test('however often it was woken, a poll ends once', (t) => {
  const one = new WakeUp()
  const other = new WakeUp()
  t.after(() => {
    one.close()
    other.close()
  })
  assert.equal(pollFds([one.fd, other.fd], 0), 0)
  for (let n = 0; n < 3; n++) other.wake()
  assert.equal(pollFds([one.fd, other.fd], LONG_MS), 1)
  assert.equal(pollFds([one.fd], 0), 0)
  takeWakeUps(other.fd)
  assert.equal(pollFds([one.fd, other.fd], 0), 0)
})

test('a poll that waits for long is ended by another thread', async (t) => {
  const wakeUp = new WakeUp()
  t.after(() => wakeUp.close())
  const thread = new Worker('require("node:fs").writeSync(require("node:worker_threads").workerData, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]))', { eval: true, workerData: wakeUp.fd })
  assert.equal(pollFds([wakeUp.fd], LONG_MS), 1)
  takeWakeUps(wakeUp.fd)
  await new Promise((resolve) => thread.once('exit', resolve))
})
