import assert from 'node:assert/strict'
import test from 'node:test'
import type { WatchHandlers } from '../../kube/watch.ts'
import { agentPod, followKubeAgents } from './kube-agents.ts'

const pod = (uid: string, podIP: string | undefined, more: object = {}): object => ({ metadata: { uid }, spec: { nodeName: `node-${uid}` }, status: { podIP, phase: 'Running', ...more } })

/** What an API server would tell, given to whoever watches. */
async function follow(tell: (handlers: WatchHandlers) => void): Promise<{ path: string, calls: string[] }> {
  const calls: string[] = []
  let path = ''
  const watcher = { watch: async (asked: string, handlers: WatchHandlers): Promise<void> => {
    path = asked
    await Promise.resolve()
    tell(handlers)
  } }
  const fleet = { follow: (address: string, node?: string) => { calls.push(`+${address} ${node}`) }, forget: (address: string) => { calls.push(`-${address}`) } }
  await followKubeAgents(watcher, { namespace: 'mtlscope', selector: 'a=b,c in (d)', port: 8900 }, fleet, new AbortController().signal, () => {})
  return { path, calls }
}

test('agents are followed where their pods are, and left when these go, move or end', async () => {
  const { path, calls } = await follow((handlers) => {
    handlers.list([pod('a', '10.0.0.1'), pod('b', undefined), pod('c', 'fd00::1'), null, { metadata: {} }])
    handlers.event('MODIFIED', pod('b', '10.0.0.2'))
    handlers.event('MODIFIED', pod('a', '10.0.0.9'))
    handlers.event('MODIFIED', pod('c', 'fd00::1', { phase: 'Failed' }))
    handlers.event('DELETED', pod('b', '10.0.0.2'))
    handlers.list([pod('d', '10.0.0.4')])
  })
  assert.equal(path, '/api/v1/namespaces/mtlscope/pods?labelSelector=a%3Db%2Cc%20in%20(d)')
  assert.deepEqual(calls, [
    '+https://10.0.0.1:8900 node-a', '+https://[fd00::1]:8900 node-c', '+https://10.0.0.2:8900 node-b', '-https://10.0.0.1:8900', '+https://10.0.0.9:8900 node-a', '-https://[fd00::1]:8900',
    '-https://10.0.0.2:8900', '-https://10.0.0.9:8900', '+https://10.0.0.4:8900 node-d',
  ])
})

test('what is no address is nobody\'s', () => {
  for (const ip of ['10.0.0.1/x', 'evil.example', '', 7]) assert.equal(agentPod({ metadata: { uid: 'a' }, status: { podIP: ip } }, 8900), undefined)
})
