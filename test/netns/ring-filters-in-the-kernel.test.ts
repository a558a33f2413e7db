import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { openAfPacket } from '../../src/capture/af-packet.ts'
import { parsePacketFilter } from '../../src/net/packet-filter.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { FramesSeen, flushQuiet, inside, sendDatagrams } from './frames-seen.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'

const netns = ensureNetns()

/** On a slow machine each datagram gets a block of its own, and nobody reads before all were sent. */
const BLOCKS = 32

function capture(namespace: TestNamespace, words: { ports?: string[], notPorts?: string[], hosts?: string[] }, traffic: () => void): { texts: string[], notes: string[] } {
  const filter = parsePacketFilter({ ports: [], notPorts: [], hosts: [], ...words })
  const { rings: [ring], notes } = inside(namespace, () => openAfPacket({ interfaces: ['any'], filter, blockCount: BLOCKS }))
  try {
    traffic()
    const seen = new FramesSeen()
    // A multicast report of the kernel may still come in between.
    assert.ok(flushQuiet(ring, seen) <= seen.frames.length, 'what is kept out is not counted')
    return { texts: seen.frames.filter(isUdp).map(textOf).sort(), notes }
  } finally {
    ring.close()
  }
}

/** The kernel's own multicast reports have extension headers, which the filter leaves to the program. */
function isUdp({ bytes }: { bytes: Uint8Array }): boolean {
  return bytes[bytes[12] === 0x86 ? 20 : 23] === 17
}

/** What a datagram carries, behind Ethernet, IPv4 or IPv6 without options, and UDP. */
function textOf({ bytes }: { bytes: Uint8Array }): string {
  return Buffer.from(bytes.subarray(bytes[12] === 0x86 ? 62 : 42)).toString()
}

test('only the ports and addresses asked for reach the ring', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const [a, b] = [addNamespace(t, 'a'), addNamespace(t, 'b')]
  joinNamespaces(a, b)
  const traffic = (): void => {
    for (const [from, to] of [[a, '10.99.0.2'], [a, 'fd99::2'], [b, '127.0.0.1'], [b, '::1']] as const) {
      for (const port of [9000, 9001]) sendDatagrams(from, to, port, [`${to} ${port}`])
    }
  }
  // As joinNamespaces does for IPv6: what goes first would wait until the neighbour has answered.
  a.run('ip', 'neigh', 'add', '10.99.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'veth0')
  assert.deepEqual(capture(b, { ports: ['9000'] }, traffic), { texts: ['10.99.0.2 9000', '127.0.0.1 9000', '::1 9000', 'fd99::2 9000'], notes: [] })
  assert.deepEqual(capture(b, { hosts: ['10.99.0.1', '::1'], notPorts: ['9001'] }, traffic).texts, ['10.99.0.2 9000', '::1 9000'])
  assert.deepEqual(capture(b, { hosts: ['fd99::/64'] }, traffic).texts, ['fd99::2 9000', 'fd99::2 9001'])
  assert.deepEqual(capture(b, { hosts: ['192.0.2.0/24'] }, traffic).texts, [])
})

test('thousands of addresses are let through by network, and it says so', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'many')
  const hosts = Array.from({ length: 4000 }, (_, i) => `127.${128 + (i >> 7)}.${i & 127}.${i % 97 * 2}`)
  const { texts, notes } = capture(namespace, { hosts }, () => {
    for (const to of [hosts[0], hosts[3999], '127.100.0.1']) sendDatagrams(namespace, to, 9000, [to])
  })
  assert.ok(!texts.includes('127.100.0.1') && texts.includes(hosts[3999]), texts.join())
  assert.match(notes.join(), /^4000 addresses are more than/)
})

test('where the kernel has no room for the whole filter, a shorter one is used, and it says so', (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'room')
  const settable = namespace.run('sh', '-c', 'test -w /proc/sys/net/core/optmem_max && echo 8192 > /proc/sys/net/core/optmem_max && echo yes || true')
  if (!need(t, 'netns', settable.includes('yes'), 'a kernel with net.core.optmem_max for each namespace')) return
  const hosts = Array.from({ length: 1000 }, (_, i) => `127.128.${i >> 2}.${(i & 3) * 50}`)
  const { texts, notes } = capture(namespace, { hosts }, () => {
    for (const to of [hosts[0], hosts[999], '127.1.0.1']) sendDatagrams(namespace, to, 9000, [to])
  })
  assert.deepEqual(texts, [hosts[0], hosts[999]].sort())
  assert.match(notes.join(), /1000 addresses are more than .*optmem_max/)
})

test('a tunnel interface without link headers is filtered too', async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const namespace = addNamespace(t, 'tun')
  const tunnel = spawn('ip', ['netns', 'exec', namespace.name, 'socat', 'TUN:10.98.0.1/24,iff-up', 'EXEC:sleep 30'], { stdio: 'ignore' })
  t.after(() => tunnel.kill())
  const up = await waitFor(() => namespace.run('ip', '-br', 'addr').includes('10.98.0.1'), () => tunnel.exitCode !== null)
  if (!need(t, 'netns', up, 'socat with TUN, and /dev/net/tun')) return
  const filter = parsePacketFilter({ ports: ['9000'], notPorts: [], hosts: ['10.98.0.0/24'] })
  const { rings: [ring] } = inside(namespace, () => openAfPacket({ interfaces: ['any'], filter, blockCount: BLOCKS }))
  t.after(() => ring.close())
  for (const port of [9000, 9001]) sendDatagrams(namespace, '10.98.0.7', port, [`to ${port}`])
  const seen = new FramesSeen()
  flushQuiet(ring, seen)
  assert.equal(seen.frames.length, 1)
  assert.equal(seen.frames[0].linkType, 101)
  assert.equal(seen.frames[0].bytes[0], 0x45)
  assert.equal(seen.holding('to 9000'), 1)
})

/** False once it cannot become true any more. */
async function waitFor(condition: () => boolean, isVain: () => boolean): Promise<boolean> {
  for (let n = 0; n < 600 && !isVain(); n++) {
    if (condition()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}
