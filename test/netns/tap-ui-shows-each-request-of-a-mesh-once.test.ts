import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CheckAnswer, HealthAnswer, MapAnswer, MessageDetail, MessagesPage } from '../../src/model/api.ts'
import { need } from '../require.ts'
import { startSidecarPair } from './check-sidecar-pair.ts'
import { ensureNetns } from './enter.ts'
import { inodeOf, procfsOf } from './own-procfs.ts'
import { tempFolder } from './peers.ts'
import { ViewerProcess } from './viewer-process.ts'

const netns = ensureNetns()
const THROUGH = `/through-${process.pid}`
const BESIDE = `/beside-${process.pid}`

/** What --mesh calls a namespace: of a procfs that is not the machine's it takes no names of files. */
function enteredName(tap: ViewerProcess, namespace: string): Promise<string> {
  const inode = inodeOf(`/run/netns/${namespace}`)
  return tap.until(`${namespace} is entered`, () => [...tap.stderr.matchAll(/entered namespace (\S+) \(mtlscope pid (\d+)\)/g)].find(([, , pid]) => inodeOf(`/proc/${pid}/ns/net`) === inode)?.[1])
}

const waysTo = ({ rows }: MessagesPage, path: string): unknown[] => rows.filter(({ what }) => what.includes(path)).map(({ way }) => [way?.from, way?.to, way?.verdict, way?.hops])

/** Each is one, and what it is known to have crossed: where its hops come one by one, that takes a moment. */
const areJoined = (page: MessagesPage): boolean => [THROUGH, BESIDE].every((path) => waysTo(page, path).length === 1) && page.rows.every(({ way }) => way !== undefined)

test('tap --ui joins what passes in a mesh, says why an edge is plaintext, and what it wrote is joined again by view', { timeout: 180_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { web, cart, callThrough, callBeside } = await startSidecarPair(t)
  const folder = tempFolder(t)
  const file = join(folder, 'mesh.pcapng')
  const tap = new ViewerProcess(t, ['tap', '--mesh', '--procfs', procfsOf(folder, [web.name, cart.name]), '--ui=0', '--no-open', '-w', file], { TMPDIR: folder })
  const [fromWeb, toCart] = [await enteredName(tap, web.name), await enteredName(tap, cart.name)]
  callThrough(THROUGH)
  callBeside(BESIDE)

  const q = encodeURIComponent('http && what.contains("' + process.pid + '")')
  const page = await tap.ask<MessagesPage>(`messages?hops=joined&limit=500&q=${q}`, areJoined)
  assert.deepEqual(waysTo(page, THROUGH), [[fromWeb, toCart, 'mtls-inferred', 3]], JSON.stringify(page.rows))
  assert.deepEqual(waysTo(page, BESIDE), [[fromWeb, toCart, 'plaintext', 1]])
  const detail = await tap.ask<MessageDetail>(`messages/${page.rows.find(({ what }) => what.includes(THROUGH))!.id}`)
  assert.deepEqual(detail.hops.map(({ kind }) => kind), ['clear', 'tls', 'clear'], JSON.stringify(detail))
  assert.equal(detail.hasPackets, true)

  const map = await tap.ask<MapAnswer>(`map?q=${q}`, ({ edges }) => edges.length > 0)
  assert.deepEqual(map.edges.map(({ from, to, requests, verdict }) => [from, to, requests, verdict]), [[fromWeb, toCart, 2, 'plaintext']])
  const check = await tap.ask<CheckAnswer>('check', ({ edges }) => edges.filter(({ from }) => from === fromWeb).length >= 2)
  const edges = check.edges.filter(({ from }) => from === fromWeb)
  assert.deepEqual(edges.map(({ to, verdict }) => [to, verdict]).toSorted(), [[`${toCart}:15006`, 'mtls-inferred'], [`${toCart}:8080`, 'plaintext']])
  const plain = edges.find(({ verdict }) => verdict === 'plaintext')!
  assert.ok(plain.causes.length > 0 && plain.causes.every(({ kind, what, fix }) => kind !== '' && what !== '' && fix !== ''), JSON.stringify(plain))
  const { health } = await tap.ask<HealthAnswer>('health')
  assert.ok([fromWeb, toCart].every((name) => health.namespaces.some((one) => one.name === name)))
  assert.equal(await tap.interrupt(), 0, tap.stderr)

  const view = new ViewerProcess(t, ['view', file, '--port', '0', '--no-open'], { TMPDIR: folder })
  await view.said(/read /)
  const again = await view.ask<MessagesPage>(`messages?hops=joined&limit=500&q=${q}`, areJoined)
  assert.deepEqual(waysTo(again, THROUGH), [[fromWeb, toCart, 'mtls-inferred', 3]])
  assert.deepEqual(waysTo(again, BESIDE), [[fromWeb, toCart, 'plaintext', 1]])
  assert.equal(await view.interrupt(), 0, view.stderr)
})
