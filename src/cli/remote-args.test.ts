import assert from 'node:assert/strict'
import test from 'node:test'
import { passedArgs, refuseLocal } from './remote-args.ts'

test('an agent is told how to look and what to show, and not where', () => {
  assert.deepEqual(passedArgs({ port: ['80', '443'], host: ['10.0.0.7'], filter: 'http && status_code >= 400', bodyLimit: 0, records: true, redact: ['header:X'], workers: 2 }),
    ['--port', '80', '--port', '443', '--host', '10.0.0.7', '--filter', 'http && status_code >= 400', '--records', '--body-limit', '0', '--workers', '2', '--redact', 'header:X'])
  assert.deepEqual(passedArgs({ redact: false }), ['--no-redact'])
  assert.deepEqual(passedArgs({}), [])
})

test('what names a file of the node is refused by its option', () => {
  assert.throws(() => refuseLocal({ keylog: ['x'] }, { keylog: 'run it on the node' }), { code: 'usage', message: '--keylog does not work from outside the cluster', hint: 'run it on the node' })
  refuseLocal({ keylog: undefined, port: ['80'] }, { keylog: 'x' })
})
