import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { EchoApp, Mesh, forEachEngine } from './sidecar.fixture.ts'

const SIZE = 3_000_000

/** Sends, ends its half, and hears the rest. */
function exchange(address: string, bytes: Buffer): Promise<Buffer> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), allowHalfOpen: true }, () => socket.end(bytes))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('error', reject)
  })
}

forEachEngine('3 MB there and back, byte for byte, with both identities in a line', async (t, engine) => {
  const mesh = await Mesh.create(t)
  const app = await EchoApp.open(t)
  const [wire, clear] = [mesh.address(), mesh.address()]
  await Promise.all([mesh.identity('web'), mesh.identity('cart')])
  const [cart, web] = await Promise.all([
    mesh.sidecar(engine, 'cart', `inbound: { mode: listen, listen: "${wire}", to: "127.0.0.1:${app.port}", allow: ["spiffe://shop.test/w*"] }`),
    mesh.sidecar(engine, 'web', `outbound: { map: [{ listen: "${clear}", to: "${wire}", expect: [other, "spiffe://shop.test/cart"] }] }`),
  ])
  const sent = randomBytes(SIZE)
  const heard = await exchange(clear, sent)
  assert.equal(createHash('sha256').update(heard).digest('hex'), createHash('sha256').update(sent).digest('hex'))
  for (const [sidecar, direction] of [[web, 'outbound'], [cart, 'inbound']] as const) {
    const line = await sidecar.line('finished', ({ reason }) => reason === 'finished')
    assert.deepEqual([line.direction, line.security, line.clientIdentity, line.serverIdentity, line.bytesSent, line.bytesReceived],
      [direction, 'mtls', 'spiffe://shop.test/web', 'spiffe://shop.test/cart', SIZE, SIZE])
  }
  const metrics = (await cart.ask('/metrics')).body
  assert.match(metrics, /^mtlscope_ready 1$/m)
  if (engine === 'embedded') assert.match(metrics, /^mtlscope_bytes_total\{direction="inbound",way="sent"\} 3000000$/m)
  else assert.match(metrics, /^envoy_cluster_upstream_cx_total\{.*"app".*\} 1$/m)
})
