import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the kernel gives to whoever calls (net.ipv4.ip_local_port_range): between the choice and the use of one, connections of other tests take none of these. */
const FIRST_PORT = 10_000
const PORTS = 20_000
/** Apart from those of other tests that run now: most processes ask for fewer. */
const APART = 61

let next = process.pid * APART

/** Ports of 127.0.0.1 on which nobody listens. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = FIRST_PORT + next++ % PORTS
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
