import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { Mesh, forEachEngine } from './sidecar.fixture.ts'

forEachEngine('a server that refuses the protocol of the mesh is offered the one that it wants', async (t, engine) => {
  const mesh = await Mesh.create(t)
  await mesh.identity('web')
  const folder = await mesh.identity('shop')
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const server = createServer({ key: read('key.pem'), cert: read('certChain.pem'), ca: read('mesh-ca.pem'), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => {})
    socket.end(`chosen: ${socket.alpnProtocol}`)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  const to = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const [http, ours] = [mesh.address(), mesh.address()]
  const web = await mesh.sidecar(engine, 'web', `outbound: { map: [{ listen: "${http}", to: "${to}", alpn: http/1.1 }, { listen: "${ours}", to: "${to}" }] }`)
  const hear = (address: string): Promise<string> => {
    const [host, port] = address.split(':')
    // The first word only: how Node's server ends is another matter, it sends no close_notify.
    return new Promise((resolve) => {
      const socket = connect({ host, port: Number(port) })
      socket.on('error', () => {}).on('close', () => resolve('refused')).once('data', (bytes) => {
        resolve(bytes.toString())
        socket.destroy()
      })
    })
  }
  assert.equal(await hear(http), 'chosen: http/1.1')
  assert.equal(await hear(ours), 'refused')
  await web.line('the refusal', ({ reason }) => reason === 'handshake-failed')
})
