import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { openLifeline } from './lifeline.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the last width that was said counts; anything else is ignored', async () => {
  const stream = new PassThrough()
  const lifeline = openLifeline(stream)
  assert.equal(lifeline.columns, undefined)
  stream.write('columns 100\n')
  await turn()
  assert.equal(lifeline.columns, 100)
  stream.write('columns 90\ncolumns 80\n')
  await turn()
  assert.equal(lifeline.columns, 80)
  stream.write('rows 7\n')
  await turn()
  assert.equal(lifeline.columns, 80)
})

test('where the viewer is, said in pieces', async () => {
  const stream = new PassThrough()
  const lifeline = openLifeline(stream)
  stream.write('columns 90\nviewer {"address":"http://127.0')
  await turn()
  stream.write('.0.1:8899/"}\n')
  assert.deepEqual(await lifeline.viewer, { address: 'http://127.0.0.1:8899/' })
})

test('a stream that ends without a word of a viewer has none', async () => {
  const stream = new PassThrough()
  const lifeline = openLifeline(stream)
  stream.end()
  assert.deepEqual(await lifeline.viewer, {})
})

for (const [how, cut] of [['ended', (s: PassThrough) => s.end()], ['destroyed', (s: PassThrough) => s.destroy()], ['broken', (s: PassThrough) => s.destroy(new Error('gone'))]] as const) {
  test(`a stream that is ${how} is the order to end`, async () => {
    const stream = new PassThrough()
    const lifeline = openLifeline(stream)
    cut(stream)
    await lifeline.cut
  })
}
