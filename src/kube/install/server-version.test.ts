import assert from 'node:assert/strict'
import test from 'node:test'
import { checkServerVersion } from './server-version.ts'

test('an API server that is too old is refused, one without sidecar containers is told where they are needed', () => {
  assert.throws(() => checkServerVersion({ major: '1', minor: '20', gitVersion: 'v1.20.2' }, ['ca']), { code: 'not-supported', message: /Kubernetes v1\.20\.2; mtlscope needs 1\.22/ })
  assert.match(checkServerVersion({ major: '1', minor: '27+', gitVersion: 'v1.27.4-gke' }, ['ca', 'injector'])!, /v1\.27\.4-gke has no sidecar containers/)
  assert.equal(checkServerVersion({ major: '1', minor: '27' }, ['ca', 'agent', 'hub']), undefined)
  assert.equal(checkServerVersion({ major: '1', minor: '34' }, ['ca', 'injector']), undefined)
})

test('what says no version is taken as it is', () => {
  for (const answer of [undefined, null, [], {}, { major: '2', minor: '0' }, { major: 'one' }, 'v1.20']) assert.equal(checkServerVersion(answer, ['injector']), undefined)
})
