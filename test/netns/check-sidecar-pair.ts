import { spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { until } from '../peers/relay-pair.ts'
import { Mesh, SidecarProcess } from '../peers/sidecar.fixture.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, endChild, serveShop } from './peers.ts'

export interface OpenConnection {
  /** Resolves when it is on the wire between the sidecars. */
  say(): Promise<void>
  end(): Promise<void>
}

export interface SidecarPair {
  readonly web: TestNamespace
  readonly cart: TestNamespace
  /** Through both sidecars: mTLS of TLS 1.3 from 10.99.0.1 to 10.99.0.2:15006. */
  callThrough(path: string): void
  /** A connection through both that stays open; what it returns says something in it, and ends it. */
  openThrough(): OpenConnection
  /** Tunnels from web's sidecar that are open now. */
  tunnels(): number
  /** Past them, in plaintext, to 10.99.0.2:8080. */
  callBeside(path: string): void
}

/** web and cart, each with our sidecar, and a server behind cart's. No sessions are resumed: from before a watch they would say nothing of who the client is. */
export async function startSidecarPair(t: TestContext): Promise<SidecarPair> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  await serveShop(t, cart)
  const mesh = await Mesh.create(t)
  const start = async (name: string, where: TestNamespace, yaml: string): Promise<void> => {
    await mesh.identity(name)
    const file = mesh.write(`${name}.yaml`, `workload: ${name}\nidentity: { dir: ${name} }\ntls: { resumption: false }\n${yaml}`)
    await new SidecarProcess(t, 'embedded', file, '127.0.0.1:15000', ['ip', 'netns', 'exec', where.name]).said('ready:')
  }
  await start('cart', cart, 'inbound: { mode: listen, listen: "10.99.0.2:15006", to: "127.0.0.1:8080", allow: ["spiffe://shop.test/web"] }\n')
  await start('web', web, 'outbound: { map: [{ listen: "127.0.0.1:8080", to: "10.99.0.2:15006", expect: "spiffe://shop.test/cart" }] }\n')
  return {
    web, cart,
    callThrough: (path) => { call(web, `http://127.0.0.1:8080${path}`) },
    openThrough: () => openUpload(t, web, cart),
    tunnels: () => Number(/^mtlscope_tunnels_active (\d+)$/m.exec(call(web, 'http://127.0.0.1:15000/metrics'))?.[1]),
    callBeside: (path) => { call(web, `http://10.99.0.2:8080${path}`) },
  }
}

const SAID_BYTES = 1000

/** A request whose body never ends. */
function openUpload(t: TestContext, { name }: TestNamespace, cart: TestNamespace): OpenConnection {
  const child = spawn('ip', ['netns', 'exec', name, 'socat', '-', 'TCP:127.0.0.1:8080'], { stdio: ['pipe', 'ignore', 'ignore'] })
  t.after(() => endChild(child))
  // Its end is seen by what it says no more.
  child.stdin.on('error', () => {})
  child.stdin.write('POST /upload HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n')
  const received = (): number => Number(cart.run('cat', '/sys/class/net/veth0/statistics/rx_bytes'))
  const say = async (): Promise<void> => {
    const before = received()
    child.stdin.write(`${SAID_BYTES.toString(16)}\r\n${'a'.repeat(SAID_BYTES)}\r\n`)
    await until(() => received() >= before + SAID_BYTES, () => 'what was said on the wire')
  }
  return { say, end: () => endChild(child) }
}
