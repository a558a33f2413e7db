import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import { planEnvoy } from '../static-envoy.ts'
import type { Inbound, Outbound } from '../static-envoy.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { serveIn, serveShop, tempFolder } from './peers.ts'

export interface EnvoyPair {
  /** Names that the mesh scan gives the two namespaces. */
  readonly names: { web: string, cart: string }
  readonly web: TestNamespace
  readonly cart: TestNamespace
  /** Calls the server behind the other sidecar; in the clear up to the own one. */
  call(path: string, ...options: string[]): string
}

/**
 * web and cart, each with the real Envoy as sidecar, configured as the project does it: mTLS of TLS 1.3 between 10.99.0.1 and
 * 10.99.0.2:15006, a server that knows nothing of TLS behind cart's.
 */
export async function startEnvoyPair(t: TestContext, envoy: string): Promise<EnvoyPair> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  const folder = tempFolder(t)
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3600_000) }
  const ca = await CertificateAuthority.create('shop.example', validity)
  const rootFile = join(folder, 'root.pem')
  writeFileSync(rootFile, ca.certificatePem)
  const names = { web: `web-${process.pid}`, cart: `cart-${process.pid}` }

  const start = async (workload: 'web' | 'cart', namespace: TestNamespace, port: number, inbound: Inbound | undefined, outbound: Outbound[]): Promise<void> => {
    const svid = await ca.issue({ spiffeId: `spiffe://shop.example/${workload}`, dnsNames: [workload], ...validity })
    const files = { certificateFile: join(folder, `${workload}.pem`), privateKeyFile: join(folder, `${workload}.key`) }
    writeFileSync(files.certificateFile, svid.certificatePem)
    writeFileSync(files.privateKeyFile, svid.privateKeyPem, { mode: 0o600 })
    const config = join(folder, `${workload}.json`)
    writeFileSync(config, JSON.stringify(planEnvoy({ workload, rootFile, ...files, inbound, outbound }, join(folder, `${workload}.admin`))))
    const words = [envoy, '-c', config, '--concurrency', '1', '--disable-hot-restart', '-l', 'error']
    await serveIn(t, namespace, port, words, { POD_NAME: names[workload], INSTANCE_IP: workload === 'web' ? '10.99.0.1' : '10.99.0.2' })
  }
  await serveShop(t, cart)
  await start('cart', cart, 15006, { listen: { ip: '10.99.0.2', port: 15006 }, forward: { ip: '127.0.0.1', port: 8080 }, clientIds: ['spiffe://shop.example/web'] }, [])
  await start('web', web, 8080, undefined, [{ name: 'cart', listen: { ip: '127.0.0.1', port: 8080 }, connect: { ip: '10.99.0.2', port: 15006 }, serverId: 'spiffe://shop.example/cart' }])
  return {
    names, web, cart,
    call: (path, ...options) => web.run('curl', '-s', '--max-time', '10', ...options, `http://127.0.0.1:8080${path}`),
  }
}
