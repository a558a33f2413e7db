import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { makePki } from '../../protocols/tls/pki.fixture.ts'
import type { TlsProbeAttempt } from './judge-tls-attempt.ts'

/** Longer than a probe waits for a refusal: ten times what its handshake took, and no less than its bound. */
const TIMES_LONGER = 12
const LEAST_MS = 500
/** On a machine that is slower than that the program stands still for less than it waits, and the test proves less. */
const MOST_MS = 6000

/** One handshake without a certificate with the port of its argument; prints what that proves. */
const PROBE = `import { attemptTls } from './src/check/probe/tls-attempt.ts'
import { judgeTlsAttempt } from './src/check/probe/judge-tls-attempt.ts'
const bounds = { handshakeMs: 30_000, settleMs: 100, serverFirstMs: 50, answerMs: 100 }
const attempt = await attemptTls({ target: { ip: '127.0.0.1', port: Number(process.argv[1]), tls: true }, version: 'TLSv1.3', bounds })
console.log(JSON.stringify(judgeTlsAttempt('no-certificate', 'TLS 1.3', attempt)))`

async function portOf(t: TestContext, server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A server that wants certificates. `beforeRefusal` gets what hands on what it says after its first flight, and how long ago the connection began. */
async function startServer(t: TestContext, beforeRefusal: (hand: () => void, afterMs: number) => void): Promise<number> {
  const pki = await makePki()
  const server = createTlsServer({ ...pki.server, ca: pki.ca, requestCert: true, rejectUnauthorized: true }).on('tlsClientError', () => {})
  const port = await portOf(t, server)
  return await portOf(t, createServer((inside) => {
    const [startedMs, outside] = [performance.now(), connect(port, '127.0.0.1')]
    let chunks = 0
    t.after(() => destroy(inside, outside))
    for (const socket of [inside, outside]) socket.on('error', () => {})
    inside.pipe(outside)
    outside.on('data', (bytes) => {
      const hand = (): void => void inside.write(bytes)
      if (chunks++ === 1) beforeRefusal(hand, performance.now() - startedMs)
      else hand()
    })
  }))
}

function destroy(...sockets: Socket[]): void {
  for (const socket of sockets) socket.destroy()
}

test('a refusal that comes while the program stands still is one, however late it is read', async (t) => {
  let stopped = 0
  const port = await startServer(t, (hand, afterMs) => {
    probe.kill('SIGSTOP')
    stopped++
    hand()
    void sleep(Math.min(MOST_MS, LEAST_MS + TIMES_LONGER * afterMs)).then(() => probe.kill('SIGCONT'))
  })
  const probe = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', PROBE, String(port)], { stdio: ['ignore', 'pipe', 'inherit'], cwd: new URL('../../..', import.meta.url) })
  t.after(() => probe.kill('SIGKILL'))
  let said = ''
  probe.stdout.setEncoding('utf8').on('data', (text: string) => { said += text })
  await once(probe, 'close')
  const { outcome, alert } = JSON.parse(said) as TlsProbeAttempt
  assert.deepEqual([stopped, outcome, alert], [1, 'refused', 'certificate_required'])
})
