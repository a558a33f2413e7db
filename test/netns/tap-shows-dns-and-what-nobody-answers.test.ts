import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { TapProcess } from './tap-process.ts'

const netns = ensureNetns()

/** Answers every query at a port that says nothing with 192.0.2.1, and anything else with the same bytes. */
const SERVER = `
const { createSocket } = require('node:dgram')
const answer = Buffer.from('c00c00010001000000050004c0000201', 'hex')
for (const port of [5300, 9000]) {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    if (port === 9000) return socket.send(query, from.port, from.address)
    const head = Buffer.from(query)
    head.writeUInt16BE(0x8180, 2)
    head.writeUInt16BE(1, 6)
    socket.send(Buffer.concat([head, answer]), from.port, from.address)
  })
  socket.bind(port, '0.0.0.0', () => console.log('ready'))
}`

const CLIENT = `
const { createSocket } = require('node:dgram')
const { connect } = require('node:net')
const query = Buffer.from('123401000001000000000000' + '037765620473686f70076578616d706c6500' + '00010001', 'hex')
const socket = createSocket('udp4')
socket.on('message', () => { socket.close() })
socket.send(query, 5300, '10.99.0.2')
const echo = createSocket('udp4')
echo.on('message', () => { echo.close() })
echo.send('something of its own', 9000, '10.99.0.2')
connect(81, '10.99.0.2').on('error', () => {})
`

test('live: DNS on any port, datagrams that nobody reads, and a refused connection; the filter of the kernel lets them through', { timeout: 150_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [web, dns] = [addNamespace(t, 'web'), addNamespace(t, 'dns')]
  joinNamespaces(web, dns)
  const server = spawn('ip', ['netns', 'exec', dns.name, process.execPath, '-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => { server.kill('SIGKILL') })
  for (let said = ''; said.split('ready').length < 3;) said += String((await once(server.stdout!, 'data'))[0])
  const tap = new TapProcess(t, '--netns', dns.name, '--port', '81,5300,9000', '--decode-as', 'udp:9000=dns')
  await tap.capturing()
  execFileSync('ip', ['netns', 'exec', web.name, process.execPath, '-e', CLIENT])
  await tap.shows('web.shop.example')
  await tap.shows('connection refused')
  const { messages, health } = await tap.interrupt()
  assert.deepEqual(messages.map((m) => `${m.protocol} ${m.what} ${m.status ?? '-'} ${m.hop}`).toSorted(), [
    'dns A web.shop.example NOERROR wire', 'tcp connection refused refused wire', 'udp UDP, 1 out, 1 in not dns wire',
  ])
  assert.deepEqual(messages.find((m) => m.protocol === 'udp')!.notes, ['this is not dns, which --decode-as says'])
  assert.equal(health.malformedBytes, 1)
})
