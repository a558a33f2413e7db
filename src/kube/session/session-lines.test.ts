import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { parseSessionLine, sessionLine } from './session-lines.ts'
import { ToldPods } from './told-pods.ts'

const POD = { uid: 'u', name: 'web', namespace: 'shop', node: 'n1', ips: [], hostNetwork: false, workload: 'Pod/web', cgroupUids: ['u'], isOver: false }

test('what is told arrives, and what is no line is left out', () => {
  assert.deepEqual(parseSessionLine(sessionLine({ pods: [POD], ask: { id: 1, rules: 'web.shop' } })), { pods: [POD], ask: { id: 1, rules: 'web.shop' } })
  fc.assert(fc.property(fc.string(), (text) => {
    const line = parseSessionLine(text)
    assert.ok(line === undefined || typeof line === 'object')
  }))
})

test('the first look waits for the first word, or for the end', async () => {
  for (const speak of [(pods: ToldPods) => pods.take({ pods: [POD] }), (pods: ToldPods) => pods.end()]) {
    const told = new ToldPods()
    let looked = false
    const look = told.refresh().then(() => { looked = true })
    told.take({ names: { '10.0.0.1': 'web.shop' } })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(looked, false)
    speak(told)
    await look
    assert.deepEqual(told.names(), { '10.0.0.1': 'web.shop' })
  }
})
