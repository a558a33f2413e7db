import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { JsonMessage } from '../../src/tap/json-line.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, serveShop, tempFolder } from './peers.ts'
import { MAIN, TapProcess } from './tap-process.ts'

const netns = ensureNetns()
const hasTshark = ['tshark', 'capinfos'].every((program) => spawnSync(program, ['--version']).error === undefined)

async function joinedShop(t: TestContext): Promise<[TestNamespace, TestNamespace]> {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  await serveShop(t, cart)
  return [web, cart]
}

const key = (m: JsonMessage): string => JSON.stringify([m.at, m.client, m.server, m.what, m.status, m.elapsedMicros, m.hop, m.request, m.response, m.complete])

test('-w FILE: one interface a namespace, named; read again it shows the same messages', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [web, cart] = await joinedShop(t)
  const file = join(tempFolder(t), 'mesh.pcapng')
  const tap = new TapProcess(t, '--netns', web.name, '--netns', cart.name, '-w', file, '--workers', '2')
  await tap.capturing()
  call(web, 'http://10.99.0.2:8080/wire')
  call(cart, 'http://127.0.0.1:8080/inside', '-d', 'x=1')
  await tap.until('three messages', () => tap.messages.length >= 3)
  const { messages } = await tap.interrupt()

  const again = new TapProcess(t, '-r', file)
  const { messages: read, code } = await again.end()
  assert.equal(code, 0)
  assert.deepEqual(read.map(key).toSorted(), messages.map(key).toSorted())
  assert.deepEqual(new Set(read.map((m) => m.interface)), new Set([web.name, cart.name]))

  if (!need(t, 'peers', hasTshark, 'tshark')) return
  // The second copy of a segment is a retransmission to tshark, which it does not dissect again.
  const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'tcp.dstport', '-Y', 'tcp.len > 0 && tcp.dstport == 8080']
  const { stdout } = spawnSync('tshark', ['-n', '-r', file, ...fields], { encoding: 'utf8' })
  assert.deepEqual(stdout.trim().split('\n').toSorted(), [`${cart.name}\t8080`, `${cart.name}\t8080`, `${web.name}\t8080`].toSorted())
  const info = spawnSync('capinfos', [file], { encoding: 'utf8' }).stdout
  assert.match(info, /Number of interfaces in file: 2/)
  for (const { name } of [web, cart]) assert.ok(info.includes(`Name = ${name}`), info)
  assert.match(info, /Capture application: *mtlscope/)
})

test('-w - feeds a tshark as it captures', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', hasTshark, 'tshark')) return
  const [web, cart] = await joinedShop(t)
  // A shell makes the pipe: Node's own are sockets, which tshark does not read. The number of the tap's process comes first on standard error.
  const script = '{ "$@" & echo "pid $!" >&2; wait $!; } | tshark -n -l -r - -Y "tcp.len > 0 && tcp.srcport == 8080" -T fields -e frame.interface_name -e tcp.srcport; exit ${PIPESTATUS[0]}'
  const words = [process.execPath, MAIN, 'tap', '--netns', web.name, '--netns', cart.name, '-w', '-']
  const pipe = spawn('bash', ['-c', script, 'bash', ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [shown, said] = ['', '']
  pipe.stdout.on('data', (text) => { shown += text })
  pipe.stderr.on('data', (text) => { said += text })
  while (!said.includes('capturing')) await once(pipe.stderr, 'data')
  const pid = Number(/^pid (\d+)$/m.exec(said)?.[1])
  t.after(() => { if (pipe.exitCode === null) process.kill(pid, 'SIGKILL') })
  call(web, 'http://10.99.0.2:8080/error')
  while (!shown.includes(web.name) || !shown.includes(cart.name)) await once(pipe.stdout, 'data')
  assert.equal(pipe.exitCode, null, 'it was shown while the capture went on')
  process.kill(pid, 'SIGINT')
  const [code] = await once(pipe, 'close')
  assert.equal(code, 0, said)
})
