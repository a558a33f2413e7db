import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { serveIn, tempFolder } from './peers.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const PORT = 8443
/** Long enough for the connection to be over and its packets read. */
const LATE_MS = 700

interface Stage { web: TestNamespace, cart: TestNamespace, folder: string, get: (path: string, keyLog: string) => void }

async function setStage(t: TestContext): Promise<Stage> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  const folder = tempFolder(t)
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=cart', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  await serveIn(t, cart, PORT, ['openssl', 's_server', '-accept', `${PORT}`, '-cert', cert, '-key', key, '-www'])
  return {
    web, cart, folder,
    get: (path, keyLog) => { web.run('env', `SSLKEYLOGFILE=${keyLog}`, 'curl', '-sk', '--http1.0', '--max-time', '10', '-o', '/dev/null', `https://10.99.0.2:${PORT}${path}`) },
  }
}

test('a key log that is made by the first connection decrypts it', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { cart, folder, get } = await setStage(t)
  const keyLog = join(folder, 'secrets')
  const tap = new TapProcess(t, '--netns', cart.name, '--keylog', keyLog)
  await tap.capturing()
  await tap.said('is not there yet')
  get('/first', keyLog)
  const message = await tap.shows('GET /first')
  assert.deepEqual([message.protocol, message.status, message.decrypted, message.hop], ['http1', 200, true, 'wire'])
  get('/second', keyLog)
  await tap.shows('GET /second')
  assert.equal((await tap.interrupt()).code, 0)
})

test('secrets that come when the connection is over still decrypt it, and garbage among them is told by its line', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { cart, folder, get } = await setStage(t)
  const [keyLog, made] = [join(folder, 'secrets'), join(folder, 'made')]
  writeFileSync(keyLog, '')
  const tap = new TapProcess(t, '--netns', cart.name, '--keylog', keyLog)
  await tap.capturing()
  get('/late', made)
  await sleep(LATE_MS)
  assert.deepEqual(tap.messages, [])
  const secrets = readFileSync(made, 'utf8')
  appendFileSync(keyLog, `no line of a key log\n${secrets}`)
  await tap.shows('GET /late')
  await tap.said(`key log ${keyLog}: line 1 `)
  const { health, stderr, messages } = await tap.interrupt()
  assert.equal(health.limits['key log lines not understood'], 1)
  const said = stderr + JSON.stringify(messages)
  for (const line of secrets.trim().split('\n').filter((l) => !l.startsWith('#'))) assert.ok(!said.includes(line.split(' ')[2]!))
})

test('a connection whose secrets never come is shown as ciphertext at the end', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { cart, folder, get } = await setStage(t)
  const keyLog = join(folder, 'secrets')
  writeFileSync(keyLog, '')
  const tap = new TapProcess(t, '--netns', cart.name, '--keylog', keyLog)
  await tap.capturing()
  get('/unread', join(folder, 'elsewhere'))
  await sleep(LATE_MS)
  const { messages } = await tap.interrupt()
  assert.deepEqual(messages.map((m) => m.protocol), ['tls', 'tls'])
  assert.ok(messages[0]!.notes!.some((note) => note.includes('no secrets of this connection')))
})
