import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MtlscopeError } from '../base/errors.ts'
import { CertificateAuthority } from './ca.ts'
import { openIdentityFiles } from './identity-files.ts'
import type { IdentitySource } from './identity-source.ts'
import { checkIdentity } from './material.ts'
import type { Identity, IdentityMaterial } from './material.ts'

const NOW = Date.now()
const VALID = { notBefore: new Date(NOW - 60_000), notAfter: new Date(NOW + 3_600_000) }
let ca: CertificateAuthority
let other: CertificateAuthority
before(async () => {
  ca = await CertificateAuthority.create('shop.test', VALID)
  other = await CertificateAuthority.create('shop.test', VALID)
})

async function issue(name: string, validity = VALID): Promise<IdentityMaterial> {
  const svid = await ca.issue({ spiffeId: `spiffe://shop.test/${name}`, dnsNames: [name], ...validity })
  return { keyPem: svid.privateKeyPem, chainPem: svid.certificatePem, bundlePem: ca.certificatePem }
}

test('what fits together says who it is and until when', async () => {
  const identity = checkIdentity(await issue('cart'), NOW)
  assert.equal(identity.name, 'spiffe://shop.test/cart')
  assert.deepEqual(identity.dnsNames, ['cart'])
  assert.equal(identity.notAfterMs, Math.floor(VALID.notAfter.getTime() / 1000) * 1000)
  assert.equal(identity.trustAnchors, 1)
})

test('what does not fit together is refused with the reason', async () => {
  const [a, b] = [await issue('a'), await issue('b')]
  const refused = (change: Partial<IdentityMaterial>, message: RegExp, now = NOW): void =>
    assert.throws(() => checkIdentity({ ...a, ...change }, now), (error: MtlscopeError) => error.code === 'bad-identity' && message.test(error.message))
  refused({ keyPem: b.keyPem }, /not that of the certificate/)
  refused({ bundlePem: other.certificatePem }, /does not lead to the trust bundle/)
  refused({ chainPem: '' }, /the certificate chain holds no certificate/)
  refused({ bundlePem: a.bundlePem.replace(/[A-Z]{3}/g, 'AAA') }, /cannot be understood|holds no certificate/)
  refused({ keyPem: 'x' }, /the private key cannot be understood/)
  refused({ keyPem: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n' }, /is encrypted/)
  refused({}, /expired at/, VALID.notAfter.getTime() + 1)
  refused({}, /not valid before/, VALID.notBefore.getTime() - 5000)
  refused({ chainPem: ca.certificatePem + a.chainPem }, /not that of the certificate/)
})

interface Followed { source: IdentitySource, changed: Identity[], kept: MtlscopeError[], write(material: Partial<IdentityMaterial>): void }

async function follow(t: TestContext, material: IdentityMaterial): Promise<Followed> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-identity-'))
  const paths = { key: join(folder, 'key.pem'), chain: join(folder, 'certChain.pem'), bundle: join(folder, 'mesh-ca.pem') }
  const write = (change: Partial<IdentityMaterial>): void => {
    for (const [name, text] of [['key', change.keyPem], ['chain', change.chainPem], ['bundle', change.bundlePem]] as const) {
      if (text === undefined) continue
      writeFileSync(join(folder, 'next'), text)
      renameSync(join(folder, 'next'), paths[name])
    }
  }
  write(material)
  const changed: Identity[] = []
  const kept: MtlscopeError[] = []
  const source = openIdentityFiles(paths, { changed: (identity) => changed.push(identity), kept: (error) => kept.push(error) })
  t.after(() => {
    source.close()
    rmSync(folder, { recursive: true })
  })
  return { source, changed, kept, write }
}

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await sleep(10)
  assert.ok(condition())
}

test('new files are picked up, also when they come one by one, and the same ones are no news', async (t) => {
  const [a, b] = [await issue('a'), await issue('b')]
  const { source, changed, kept, write } = await follow(t, a)
  assert.equal((await source.first).name, 'spiffe://shop.test/a')
  write(a)
  await sleep(400)
  write({ keyPem: b.keyPem })
  await sleep(600)
  write({ chainPem: b.chainPem })
  await until(() => changed.length > 0)
  assert.deepEqual(changed.map(({ name }) => name), ['spiffe://shop.test/b'])
  assert.equal(kept.length, 0)
})

test('files that do not fit keep the old identity, and that is told', async (t) => {
  const { source, changed, kept, write } = await follow(t, await issue('a'))
  await source.first
  write({ keyPem: (await issue('b')).keyPem })
  await until(() => kept.length > 0)
  assert.match(kept[0]!.message, /not that of the certificate/)
  assert.equal(changed.length, 0)
})

test('no files at all: the first one rejects with the path', async () => {
  const source = openIdentityFiles({ key: '/nowhere/k', chain: '/nowhere/c', bundle: '/nowhere/b' }, { changed() {}, kept() {} })
  await assert.rejects(source.first, { code: 'cannot-read', message: /cannot read \/nowhere\/[kcb]: ENOENT/ })
  source.close()
})
