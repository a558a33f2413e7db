import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MtlscopeError } from '../../src/base/errors.ts'
import { CertificateAuthority } from '../../src/identity/ca.ts'
import { openIdentityFiles } from '../../src/identity/identity-files.ts'
import type { IdentityEvents, IdentitySource } from '../../src/identity/identity-source.ts'
import { openWorkloadApi } from '../../src/identity/workload-api.ts'
import { openServer, response, socketPath } from '../../src/identity/workload-api.fixture.ts'

const HOUR_MS = 3_600_000

interface Followed { readonly changed: string[], readonly kept: string[] }

function follow(t: TestContext, open: (events: IdentityEvents) => IdentitySource): Followed & { source: IdentitySource } {
  const followed: Followed = { changed: [], kept: [] }
  const source = open({ changed: ({ name }) => followed.changed.push(name), kept: (error: MtlscopeError) => followed.kept.push(error.message) })
  t.after(() => source.close())
  return { ...followed, source }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await sleep(10)
  assert.ok(condition(), `${what} never came`)
}

/** Where it was looked at only when its time had come already, as may be on a slow machine, it is given more time. */
async function untilItsTime(look: (aheadMs: number) => Promise<{ changed: readonly string[], kept: readonly string[] }>): Promise<void> {
  for (let aheadMs = 6000; aheadMs < 30_000; aheadMs *= 2) {
    const { changed, kept } = await look(aheadMs)
    assert.deepEqual(changed, ['spiffe://shop.test/soon'])
    if (kept.length === 0) continue
    assert.equal(kept.length, 1)
    assert.match(kept[0]!, /is not valid before/)
    return
  }
  assert.fail('never before its time')
}

// Beside each other, since each does nothing but wait.
describe('an identity that comes late', { concurrency: true }, () => {
  test('files with a certificate that is not valid yet: told once, and taken when its time has come, though no file changes', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'mtlscope-identity-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const valid = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + HOUR_MS) }
    const ca = await CertificateAuthority.create('shop.test', valid)
    const write = async (name: string, notBefore: Date): Promise<void> => {
      const svid = await ca.issue({ spiffeId: `spiffe://shop.test/${name}`, dnsNames: [], ...valid, notBefore })
      for (const [file, text] of [['key.pem', svid.privateKeyPem], ['certChain.pem', svid.certificatePem], ['mesh-ca.pem', ca.certificatePem]] as const) {
        writeFileSync(join(folder, 'next'), text)
        renameSync(join(folder, 'next'), join(folder, file))
      }
    }
    await untilItsTime(async (aheadMs) => {
      await write('cart', valid.notBefore)
      const { source, changed, kept } = follow(t, (events) => openIdentityFiles({ key: join(folder, 'key.pem'), chain: join(folder, 'certChain.pem'), bundle: join(folder, 'mesh-ca.pem') }, events))
      await source.first
      await write('soon', new Date(Date.now() + aheadMs))
      await until('the new identity', () => changed.length > 0)
      source.close()
      return { changed, kept }
    })
  })

  test('an SVID that is not valid yet: told once, and taken when its time has come, though it is not sent again', async (t) => {
    await untilItsTime(async (aheadMs) => {
      const path = socketPath(t)
      const [cart, soon] = [await response('cart'), await response('soon', new Date(Date.now() + aheadMs))]
      await openServer(t, path, (call) => {
        call.write(cart)
        call.write(soon)
      })
      const { source, changed, kept } = follow(t, (events) => openWorkloadApi(path, events))
      await source.first
      await until('the new identity', () => changed.length > 0)
      source.close()
      return { changed, kept }
    })
  })

  test('a Workload API that dies is told, the identity stays, and what it says when it is back counts', async (t) => {
    const path = socketPath(t)
    const [cart, later] = [await response('cart'), await response('later')]
    const stop = await openServer(t, path, (call) => void call.write(cart))
    const { source, changed, kept } = follow(t, (events) => openWorkloadApi(path, events))
    await source.first
    stop()
    rmSync(path, { force: true })
    await until('a word of it', () => kept.some((message) => message.endsWith('ENOENT')))
    assert.deepEqual(changed, [])
    await openServer(t, path, (call) => void call.write(later))
    await until('the new identity', () => changed.length > 0)
    assert.deepEqual(changed, ['spiffe://shop.test/later'])
  })

  test('a Workload API that takes the call and says nothing is told of', async (t) => {
    const path = socketPath(t)
    await openServer(t, path, () => {})
    const { kept } = follow(t, (events) => openWorkloadApi(path, events))
    await until('a word of it', () => kept.length > 0)
    assert.match(kept[0]!, /takes the call and answers nothing/)
  })
})
