import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { JsonMessage } from '../../src/tap/json-line.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, serveShop } from './peers.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()

for (const [name, wanted] of Object.entries({
  lo: ['lo clear GET /inside'],
  veth0: ['veth0 wire GET /outside', 'veth0 wire GET /six'],
  any: ['lo clear GET /inside', 'veth0 wire GET /outside', 'veth0 wire GET /six'],
})) {
  test(`-i ${name}: every request of it, once`, { timeout: 120_000 }, async (t) => {
    if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
    const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
    joinNamespaces(web, cart)
    await serveShop(t, cart)
    // The program itself runs inside: -i is an interface of where it runs.
    const words = ['netns', 'exec', cart.name, process.execPath, MAIN, 'tap', '-i', name, '-o', 'json', '-c', `${wanted.length}`]
    const tap = spawn('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.after(() => { tap.kill('SIGKILL') })
    let [shown, said] = ['', '']
    tap.stdout.on('data', (text) => { shown += text })
    tap.stderr.on('data', (text) => { said += text })
    while (!said.includes('capturing')) await once(tap.stderr, 'data')
    call(cart, 'http://127.0.0.1:8080/inside')
    call(web, 'http://10.99.0.2:8080/outside')
    call(web, 'http://[fd99::2]:8080/six')
    await once(tap, 'close')
    const messages = shown.trim().split('\n').map((line) => JSON.parse(line) as JsonMessage).filter((m) => m.protocol !== undefined)
    assert.deepEqual(messages.map((m) => `${m.interface} ${m.hop} ${m.what}`), wanted, said)
    assert.ok(messages.every((m) => m.capture === 'pcap' && m.namespace === undefined))
  })
}
