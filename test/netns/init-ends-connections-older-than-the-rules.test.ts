import assert from 'node:assert/strict'
import net from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { insideNamespace } from '../../src/intercept/apply/in-namespace.ts'
import { applyRules } from '../../src/intercept/apply/apply-rules.ts'
import { planRules } from '../../src/intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../src/intercept/plan/settings.ts'
import { openSocketAs } from '../../src/sys/socket-as.ts'
import { ensureNetns } from './enter.ts'
import { BACKENDS, needTools } from './init-lab.ts'
import { APP, serveOutside } from './init-traffic.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const permitted = ensureNetns()
const BEFORE = 'said before'
const CANARY = 'said after the rules were set'

/** Counts what arrives from the pod; where `isTracked`, conntrack knew the connection before the rules did. */
async function connectOnce(t: TestContext, isTracked: boolean): Promise<{ netns: string, client: net.Socket, heard: () => string }> {
  const [pod, outside] = [addNamespace(t, 'pod'), addNamespace(t, 'out')]
  joinNamespaces(pod, outside)
  if (isTracked) pod.run('nft', 'add table inet theirs; add chain inet theirs x { type filter hook output priority 5; }; add rule inet theirs x ct state established accept')
  let heard = ''
  let arrived = (): void => {}
  const isThere = new Promise<void>((resolve) => { arrived = resolve })
  await serveOutside(t, outside.path, 80, (socket) => socket.on('data', (bytes) => {
    heard += bytes.toString()
    if (heard === BEFORE) arrived()
  }))
  const client = new net.Socket({ fd: insideNamespace(pod.path, () => openSocketAs(APP, 4, 'stream')) })
  t.after(() => client.destroy())
  client.connect({ host: '10.99.0.2', port: 80 }, () => client.write(BEFORE))
  await isThere
  return { netns: pod.path, client, heard: () => heard }
}

for (const backend of BACKENDS) {
  for (const isTracked of [false, true]) {
    test(`${backend}: a connection of an app from before the rules is ended when it says something (${isTracked ? 'known' : 'unknown'} to conntrack)`, async (t) => {
      if (!needTools(t, permitted)) return
      const { netns, client, heard } = await connectOnce(t, isTracked)
      await applyRules(planRules(PRESET_SETTINGS.mtlscope), { netns, backend, force: true })
      const ended = new Promise<string>((resolve) => {
        client.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error')).once('close', () => resolve('close'))
      })
      client.resume().write(CANARY)
      assert.equal(await ended, 'ECONNRESET')
      assert.equal(heard(), BEFORE)
    })
  }
}
