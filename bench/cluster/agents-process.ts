// Many simulated agents in one process: agents-process.ts FOLDER COUNT PER_SECOND HISTORY_SECONDS; says its ports on standard output.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SimulatedAgent } from './simulated-agent.ts'

const [folder = '', count = '1', perSecond = '1000', historySeconds = '100'] = process.argv.slice(2)
const [key, cert, ca] = ['agent-key.pem', 'agent.pem', 'roots.pem'].map((name) => readFileSync(join(folder, name), 'utf8'))
const traffic = { perSecond: Number(perSecond), historySeconds: Number(historySeconds), startMs: Date.now() }

const ports = await Promise.all(Array.from({ length: Number(count) }, (_, n) => {
  const agent = new SimulatedAgent(n + 1, traffic)
  const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }, (request, response) => agent.handle(request, response))
  return new Promise<number>((resolve) => { server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)) })
}))
process.stdout.write(`${JSON.stringify(ports)}\n`)
