import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { insideCommand, readNodeProcess } from '../../scripts/cluster/node-process.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

const REGISTRY = fileURLToPath(new URL('private-registry.ts', import.meta.url))
const USER = 'puller:let-me-in'
const NAMESPACE = 'private-shop'

interface Registry { readonly host: string, requests(): string }

/** A registry on the node's loopback, which containerd asks without TLS; gone with the test. */
async function openRegistry(t: TestContext, cluster: TestCluster): Promise<Registry> {
  const [program, args] = insideCommand(readNodeProcess(cluster.place)!, [process.execPath, REGISTRY, cluster.place.image, USER])
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGTERM')
    await ended
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text })
  await cluster.until('the registry listens', async () => {
    assert.equal(child.exitCode, null)
    return /^port \d+$/m.test(said)
  })
  return { host: `127.0.0.1:${/^port (\d+)$/m.exec(said)![1]}`, requests: () => said }
}

test('from a private registry: all parts, and the sidecars of injected pods, are pulled with the secret that install was told', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const registry = await openRegistry(t, cluster)
  const image = `${registry.host}/team/mtlscope:1`
  const [name, password] = USER.split(':')
  const makeSecret = (namespace: string): Promise<string> => cluster.kubectl('create', 'secret', 'docker-registry', 'registry', '-n', namespace, `--docker-server=${registry.host}`, `--docker-username=${name}`, `--docker-password=${password}`)
  t.after(async () => {
    await cluster.mtlscope('uninstall')
    await cluster.kubectlInput('', 'delete', 'namespace', 'mtlscope', NAMESPACE, '--ignore-not-found', '--wait=false')
  })
  await cluster.kubectl('create', 'namespace', 'mtlscope')
  await makeSecret('mtlscope')
  const { code, stderr } = await cluster.mtlscope('install', '--image', image, '--image-pull-secret', 'registry')
  assert.equal(code, 0, stderr)
  assert.match(registry.requests(), /^(?:GET|HEAD) \/v2\/team\/mtlscope\/manifests\/1 401$/m)
  // What is in the image the node may have already, by the name that the tests give it.
  assert.match(registry.requests(), /^(?:GET|HEAD) \/v2\/team\/mtlscope\/manifests\/1 200$/m)
  const again = await cluster.mtlscope('upgrade')
  assert.equal(again.code, 0, again.stderr)
  assert.doesNotMatch(again.stderr, /changed|created|deleted/)

  await cluster.kubectl('create', 'namespace', NAMESPACE)
  await cluster.kubectl('label', 'namespace', NAMESPACE, 'mtlscope.io/inject=enabled')
  await makeSecret(NAMESPACE)
  await cluster.until('the injector answers', async () => {
    const made = await cluster.kubectlInput(JSON.stringify(busyboxPod('web', HTTP_SERVER, { namespace: NAMESPACE })), 'apply', '-f', '-')
    return made.code === 0
  })
  await cluster.untilPodRuns('web', NAMESPACE)
  const spec = (path: string): Promise<string> => cluster.kubectl('get', 'pod', 'web', '-n', NAMESPACE, '-o', `jsonpath={.spec.${path}}`)
  assert.equal(await spec('imagePullSecrets[*].name'), 'registry')
  assert.equal(await spec('initContainers[?(@.name=="mtlscope-sidecar")].image'), image)
})
