import assert from 'node:assert/strict'
import test from 'node:test'
import { bodyOf, openKubeServer } from './kube-server.fixture.ts'
import { requireRights, review } from './rights.ts'

test('each right that is missing is named, as a rule has it', async (t) => {
  const asked: unknown[] = []
  const { client } = await openKubeServer(t, { answer: (request, response) => void bodyOf(request).then((body) => {
    const { spec } = body as { spec: { resourceAttributes: { resource: string } } }
    asked.push(spec.resourceAttributes)
    response.writeHead(201).end(JSON.stringify({ status: { allowed: spec.resourceAttributes.resource === 'pods' } }))
  }) })
  const jobs = { verb: 'create', group: 'batch', resource: 'jobs', namespace: 'shop' }
  assert.equal(await review(client, { verb: 'list', resource: 'pods' }), true)
  assert.deepEqual(asked, [{ verb: 'list', group: '', resource: 'pods' }])
  await requireRights(client, [{ verb: 'create', resource: 'pods', subresource: 'exec', namespace: 'shop' }], 'an agent')
  await assert.rejects(requireRights(client, [jobs, { verb: 'list', resource: 'pods' }, { verb: 'get', resource: 'nodes' }], 'an agent'), {
    code: 'kube-refused', message: 'an agent needs rights that the user has not: create jobs.batch in namespace shop; get nodes in every namespace',
    hint: 'ask for a Role with {apiGroups: ["batch"], resources: ["jobs"], verbs: ["create"]}, {apiGroups: [""], resources: ["nodes"], verbs: ["get"]}',
  })
})
