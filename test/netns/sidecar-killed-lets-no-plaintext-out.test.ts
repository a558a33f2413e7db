import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { findProgram } from '../../src/sys/exec.ts'
import { Mesh, SidecarProcess, forEachEngine } from '../peers/sidecar.fixture.ts'
import type { Engine } from '../peers/sidecar.fixture.ts'
import { until } from '../peers/relay-pair.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { startWireDump } from './wire-dump.ts'

const permitted = ensureNetns()
/** The user that the apps run as: its connections are captured, the sidecar's are not. */
const APP_USER = '65534'
const SERVER = '10.99.0.2'

const ECHO = `require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(8080, '${SERVER}', () => console.log('listening'))`

/** Eight connections at a time that say the canary over and over; one line of output for each echo and each refusal. */
const LOAD = `const [canary] = process.argv.slice(1)
const call = () => {
  const socket = require('node:net').connect(8080, '${SERVER}', () => socket.write(canary))
  let rounds = 0
  socket.setTimeout(1000, () => socket.destroy(new Error('silent')))
  socket.on('data', () => { console.log('echo'); ++rounds < 50 ? socket.write(canary) : socket.end() })
  socket.on('error', (error) => console.log('refused ' + (error.code ?? error.message)))
  socket.on('close', () => setTimeout(call, 10))
}
for (let n = 0; n < 8; n++) call()`

function startIn(t: TestContext, namespace: TestNamespace, program: string, ...args: string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace.name, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => void child.kill('SIGKILL'))
  return child
}

async function startPod(t: TestContext, mesh: Mesh, namespace: TestNamespace, engine: Engine, name: string, yaml: string): Promise<SidecarProcess> {
  await mesh.identity(name)
  const file = mesh.write(`${name}.yaml`, `workload: ${name}\nidentity: { dir: ${name} }\n${yaml}`)
  const sidecar = new SidecarProcess(t, engine, file, '127.0.0.1:15000', ['ip', 'netns', 'exec', namespace.name])
  await sidecar.said('ready:')
  return sidecar
}

for (const victim of ['web', 'cart'] as const) {
  forEachEngine(`the sidecar of ${victim} killed -9 under load: the app is refused, and the wire of the whole run holds no plaintext`, async (t, engine) => {
    if (!need(t, 'netns', permitted, 'the right to make network namespaces') || !need(t, 'netns', findProgram('tcpdump') !== undefined, 'tcpdump')) return
    const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
    joinNamespaces(web, cart)
    web.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '-m', 'owner', '--uid-owner', APP_USER, '-j', 'REDIRECT', '--to-ports', '15001')
    cart.run('iptables', '-t', 'nat', '-A', 'PREROUTING', '-p', 'tcp', '-i', 'veth0', '-j', 'REDIRECT', '--to-ports', '15006')
    const mesh = await Mesh.create(t)
    const dump = await startWireDump(t, cart, '10.99.0.1', join(mesh.folder, 'wire.pcap'))
    await once(startIn(t, cart, process.execPath, '-e', ECHO).stdout!, 'data')
    const sidecars = {
      cart: await startPod(t, mesh, cart, engine, 'cart', 'inbound: { mode: redirect, listen: 15006, allow: ["spiffe://shop.test/web"] }'),
      web: await startPod(t, mesh, web, engine, 'web', 'outbound: { mode: redirect, listen: 15001 }'),
    }
    const canary = `canary-${process.pid}-of-the-plaintext`
    const said = { echo: 0, refused: 0 }
    const load = startIn(t, web, 'setpriv', `--reuid=${APP_USER}`, `--regid=${APP_USER}`, '--clear-groups', process.execPath, '-e', LOAD, canary)
    load.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said.echo += text.split('echo').length - 1
      said.refused += text.split('refused').length - 1
    })
    await until(() => said.echo > 500, () => 'echoes')
    sidecars[victim].child.kill('SIGKILL')
    await once(sidecars[victim].child, 'exit')
    const before = said.refused
    await until(() => said.refused >= before + 40, () => 'refusals')
    const last = said.echo
    await until(() => said.refused >= before + 80, () => 'more refusals')
    assert.equal(said.echo, last, 'somebody still answered')
    load.kill('SIGKILL')
    const wire = await dump.stop()
    assert.ok(wire.length > 2 * said.echo * canary.length, `${wire.length} bytes hold ${said.echo} canaries, both ways`)
    assert.equal(wire.includes(canary), false)
  })
}
