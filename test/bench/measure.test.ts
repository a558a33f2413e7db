import assert from 'node:assert/strict'
import test from 'node:test'
import { cpuMs, measure, startMeasured } from '../../bench/measure.ts'

test('what a process says, costs and ends with is seen', async () => {
  const usage = await measure(process.execPath, ['-e', 'const a = Buffer.alloc(64e6, 1); setTimeout(() => { console.log(a.length); process.exit(3) }, 1000)'], { keepOutput: true })
  assert.equal(usage.code, 3)
  assert.equal(usage.stdout, '64000000\n')
  assert.ok(usage.peakRssBytes > 64e6, `${usage.peakRssBytes}`)
  assert.ok(usage.wallMs >= 1000)
  assert.ok(cpuMs(usage) > 0)
})

test('waiting costs no CPU', async () => {
  const usage = await measure('sleep', ['0.3'])
  assert.ok(usage.wallMs >= 300)
  assert.ok(cpuMs(usage) < 150)
})

test('the process id is the one of the program, which takes signals', async () => {
  const { pid, ended } = startMeasured('sleep', ['60'])
  process.kill(await pid, 'SIGTERM')
  assert.equal((await ended).code, 128 + 15)
})

test('a program that is not there is told by its exit code', async () => {
  assert.equal((await measure('/nonexistent/program', [])).code, 127)
})
