import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { until } from '../peers/relay-pair.ts'
import type { TestNamespace } from './namespace.ts'

/** What was on the wire before `stop` is in the file, however late tcpdump reads it. */
export interface WireDump {
  /** Ends the capture; its bytes. */
  stop(): Promise<Buffer>
}

/** Captures on veth0 of the namespace with tcpdump, which is listening when this returns. `peer`: an address at the other end. */
export async function startWireDump(t: TestContext, namespace: TestNamespace, peer: string, file: string): Promise<WireDump> {
  // Without the immediate mode the kernel hands over blocks when they are full or a second old, and SIGINT loses the last one.
  const child = spawn('ip', ['netns', 'exec', namespace.name, 'tcpdump', '-i', 'veth0', '-B', '16384', '-U', '--immediate-mode', '-w', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  await until(() => said.includes('listening on') || hasEnded(child), () => `tcpdump, which said: ${said}`)
  if (hasEnded(child)) throw new Error(`tcpdump ended: ${said}`)
  const mark = `the end of the capture of ${process.pid} in ${namespace.name}`
  const stop = async (): Promise<Buffer> => {
    // Not only once: a tcpdump that stood still finds its ring full, and what came then is lost.
    let waited = 0
    await until(() => {
      if (waited++ % 100 === 0) namespace.run('bash', '-c', `echo '${mark}' > /dev/udp/${peer}/9`)
      return readFileSync(file).includes(mark)
    }, () => `the mark in the capture; tcpdump said: ${said}`)
    child.kill('SIGINT')
    await once(child, 'exit')
    return readFileSync(file)
  }
  return { stop }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
