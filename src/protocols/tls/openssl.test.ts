import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../../test/free-ports.ts'
import { need } from '../../../test/require.ts'
import { SERVER } from '../../model/side.ts'
import type { Said, Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { CLIENT_ID, makePki } from './pki.fixture.ts'
import { Recorder, portOf, startServer } from './recording.fixture.ts'
import { tls } from './tls.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

interface Facts { [key: string]: unknown }
interface Seen { request: Facts, response: Facts, status?: string, outcome: string, complete: boolean, notes: string[], text: string, steps: Step[], said: Said }

/** Of a client that hangs; nothing waits for it to pass. */
const CLIENT_TIMEOUT_MS = 30_000
const folder = mkdtempSync(join(tmpdir(), 'mtlscope-tls-'))
after(() => { rmSync(folder, { recursive: true }) })
const pki = await makePki()
for (const [name, text] of Object.entries({ 'ca.pem': pki.ca, 'server.pem': pki.server.cert + pki.server.key, 'client.pem': pki.client.cert + pki.client.key })) {
  writeFileSync(join(folder, name), text + '\n')
}
const file = (name: string): string => join(folder, name)

function hasOpenssl(t: TestContext): boolean {
  let version = ''
  try {
    version = execFileSync('openssl', ['version'], { encoding: 'utf8' })
  } catch {
    // Told below.
  }
  return need(t, 'peers', /^OpenSSL [3-9]/.test(version), 'openssl 3 or newer')
}

/** Waits until something accepts on the port; a connection that says nothing does s_server no harm. */
async function untilListening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = net.connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => { socket.on('connect', () => { resolve(true) }); socket.on('error', () => { resolve(false) }) })
    socket.destroy()
    if (open) return
    await sleep(20)
  }
  throw new Error('openssl s_server ended early')
}

/** `openssl s_client` through a recorder: sends `GET /` unless it fails before, ends once `until` holds, and returns what it printed. */
async function client(port: number, args: readonly string[], until: (steps: readonly Step[]) => boolean = () => true): Promise<Seen> {
  const recorder = new Recorder(port)
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${await recorder.listen()}`, '-servername', 'cart.shop.example', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  const closed = once(child, 'close')
  child.stdin.on('error', () => undefined)
  child.stdin.write('GET / HTTP/1.0\r\n\r\n')
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { text += bytes.toString() })
  const deadline = Date.now() + CLIENT_TIMEOUT_MS
  while (child.exitCode === null && !until(recorder.steps) && Date.now() < deadline) await sleep(20)
  child.stdin.end()
  const overdue = setTimeout(() => { child.kill() }, CLIENT_TIMEOUT_MS)
  await closed
  clearTimeout(overdue)
  await recorder.close()
  const said = listen(tls, recorder.steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns: false })
  return { ...said.messages[0] as unknown as Seen, text, steps: recorder.steps, said }
}

async function withServer<T>(args: readonly string[], run: (port: number) => Promise<T>): Promise<T> {
  const [port] = await freePorts(1)
  const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', file('server.pem'), '-CAfile', file('ca.pem'), ...args], { stdio: ['pipe', 'ignore', 'ignore'] })
  const closed = once(child, 'close')
  try {
    await untilListening(port, child)
    return await run(port)
  } finally {
    child.kill()
    await closed
  }
}

/** The line `name: value` or `name is value` of what s_client printed. */
function printed(text: string, name: string): string | undefined {
  return new RegExp(`${name}\\s*(?:is|:|,)\\s*(.+)`).exec(text)?.[1]?.trim()
}

for (const [flag, version, lib] of [['-tls1', 'TLS 1.0', 'TLSv1'], ['-tls1_1', 'TLS 1.1', 'TLSv1.1'], ['-tls1_2', 'TLS 1.2', 'TLSv1.2']] as const) {
  test(`${version} between s_client and s_server`, async (t) => {
    if (!hasOpenssl(t)) return
    const low = ['-cipher', 'DEFAULT:@SECLEVEL=0']
    const seen = await withServer(['-www', ...low], (port) => client(port, [flag, ...low]))
    assert.equal(printed(seen.text, 'Protocol'), lib)
    assert.deepEqual([seen.response['version'], seen.complete, seen.outcome], [version, true, 'ok'])
    const group = /Server Temp Key: (\w+)/.exec(seen.text)?.[1]
    assert.equal(String(seen.response['group']).toLowerCase(), group?.toLowerCase())
    assert.deepEqual(seen.said.malformed, [])
  })
}

test('TLS 1.3 with each suite of the library', async (t) => {
  if (!hasOpenssl(t)) return
  const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256']
  const low = ['-cipher', 'DEFAULT:@SECLEVEL=0']
  await withServer(['-www', ...low, '-ciphersuites', suites.join(':'), '-Verify', '1'], async (port) => {
    for (const suite of suites) {
      const seen = await client(port, [...low, '-ciphersuites', suite, '-cert', file('client.pem'), '-CAfile', file('ca.pem')])
      assert.match(seen.text, new RegExp(`Cipher is ${suite}`))
      assert.deepEqual([seen.status, seen.response['version'], seen.complete], [suite, 'TLS 1.3', true])
      const flight = seen.request['clientFlight'] as { end: string, records: number, recordSizes: number[] }
      assert.deepEqual([flight.end, flight.records, flight.recordSizes.at(-1)], ['finished', 3, seen.response['finishedRecordBytes']])
    }
  })
})

test('a client that refuses the server, both ways', async (t) => {
  if (!hasOpenssl(t)) return
  await withServer(['-www'], async (port) => {
    const old = await client(port, ['-tls1_2', '-verify_return_error'])
    assert.deepEqual([old.outcome, old.status, old.complete], ['client-error', 'unknown_ca', true])
    // OpenSSL has not switched to its new keys by then, so the alert is in the clear under TLS 1.3 as well.
    const now = await client(port, ['-tls1_3', '-verify_return_error'])
    assert.deepEqual([now.outcome, now.status, now.complete, now.response['version']], ['client-error', 'unknown_ca', true, 'TLS 1.3'])
  })
})

test('early data', async (t) => {
  if (!hasOpenssl(t)) return
  writeFileSync(file('early'), 'GET /early HTTP/1.0\r\n\r\n')
  await withServer(['-tls1_3', '-early_data'], async (port) => {
    const first = await client(port, ['-sess_out', file('session')], () => existsSync(file('session')))
    assert.equal(first.response['resumed'], false)
    const { request, response, complete } = await client(port, ['-sess_in', file('session'), '-early_data', file('early')], (steps) => steps.filter(({ side }) => side === SERVER).length > 1)
    assert.deepEqual([request['earlyData'], response['resumption'], complete], [true, 'psk', true])
    // 23 bytes of request, content type, tag, header.
    assert.deepEqual(request['earlyDataSent'], { records: 1, bytes: 23 + 1 + 16 + 5 })
    const flight = request['clientFlight'] as { records: number, end: string }
    assert.deepEqual([flight.end, flight.records], ['finished', 2], 'EndOfEarlyData and Finished')
  })
})

test('certificate of the client under TLS 1.2', async (t) => {
  if (!hasOpenssl(t)) return
  const { request, response, text } = await withServer(['-www', '-tls1_2', '-Verify', '1'], (port) => client(port, ['-cert', file('client.pem')]))
  assert.equal(response['certificateRequested'], true)
  assert.equal((request['certificate'] as { leaf: Facts }).leaf['spiffeId'], CLIENT_ID)
  assert.match(text, /Acceptable client certificate CA names\s+O = Acme, CN = Acme root/)
  assert.deepEqual((response['certificateRequest'] as Facts)['authorities'], ['O=Acme, CN=Acme root'])
})

test('no protocol in common', async (t) => {
  if (!hasOpenssl(t)) return
  const server = await startServer({ ...pki.server, ALPNProtocols: ['h2'] })
  try {
    const seen = await client(portOf(server), ['-alpn', 'mtlscope'])
    assert.deepEqual([seen.outcome, seen.status, seen.request['alpn']], ['server-error', 'no_application_protocol', ['mtlscope']])
  } finally {
    server.close()
  }
})
