import assert from 'node:assert/strict'
import test from 'node:test'
import { IMAGE_NAME, compressedBytes } from '../../scripts/image/build-image.ts'
import { VERSION } from '../../src/base/version.ts'
import { useCluster } from './test-cluster.ts'

const MAX_COMPRESSED_BYTES = 90e6

test('the image is small, and runs in a pod as an ordinary user with a read-only file system', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const bytes = await compressedBytes(cluster.place.image)
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB compressed`)
  assert.ok(bytes < MAX_COMPRESSED_BYTES)

  const container = (name: string, args: string[]): object => ({
    name, image: IMAGE_NAME, imagePullPolicy: 'Never', args,
    securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  })
  await cluster.apply(t, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'version' },
    spec: { restartPolicy: 'Never', containers: [container('version', ['--version']), container('doctor', ['doctor'])] },
  })
  await cluster.until('the pod has ended', async () => {
    return /Succeeded|Failed/.test((await cluster.kubectlInput('', 'get', 'pod', 'version', '-o', 'jsonpath={.status.phase}')).stdout)
  })
  assert.equal(await cluster.kubectl('logs', 'version', '-c', 'version'), `mtlscope ${VERSION}\n`)
  // It needs koffi and its binary, which the version does not.
  assert.match(await cluster.kubectl('logs', 'version', '-c', 'doctor'), /linux/i)
})
