import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { initCa } from '../../src/identity/authority/changes.ts'
import { Authority } from '../../src/identity/authority/authority.ts'
import { CaFolder } from '../../src/identity/authority/folder.ts'
import { readSigner } from '../../src/identity/authority/generation.ts'
import type { IssuedLeaf } from '../../src/identity/authority/issuer.ts'
import { activeRoot } from '../../src/identity/authority/state.ts'
import type { LeafNames } from '../../src/identity/certificate-names.ts'
import { certificatePem, exportKeyPem, generateKeys, signLeaf } from '../../src/identity/certificate-profile.ts'
import { planLifetime } from '../../src/identity/lifetime.ts'
import { withFileLock } from '../../src/sys/file-lock.ts'

const HOUR_MILLIS = 3_600_000

/** Paths of one identity, as `ca issue` names them. */
export interface IdentityFiles { readonly key: string, readonly chain: string }

/** A CA of shop.test, DNS names below shop.test, in a folder that is gone with the test. */
export interface CaFiles {
  readonly place: string
  /** The root. */
  readonly bundle: string
  readonly folder: CaFolder
  issue(file: string, names: LeafNames): Promise<IdentityFiles>
  /** Signed by the intermediate past all of its own checks: what a stolen key could make. */
  forge(file: string, names: LeafNames): Promise<IdentityFiles>
}

export async function makeCa(t: TestContext): Promise<CaFiles> {
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-ca-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const folder = new CaFolder(join(place, 'ca'), withFileLock)
  const nowMillis = Date.now()
  await initCa(folder, { trustDomain: 'shop.test', name: 'Shop', dnsDomains: ['shop.test'], maxTtlMillis: 24 * HOUR_MILLIS }, { nowMillis, by: 'test' })
  const issuer = await new Authority({ store: folder, by: 'test', warn: (text) => { throw new Error(text) } }).current(nowMillis)
  const bundle = join(place, 'mesh-ca.pem')
  writeFileSync(bundle, issuer.bundlePem)
  const write = async (file: string, sign: (publicKey: Awaited<ReturnType<typeof generateKeys>>['publicKey']) => Promise<Pick<IssuedLeaf, 'chainPem'>>): Promise<IdentityFiles> => {
    const keys = await generateKeys(true)
    const files = { key: join(place, `${file}.key`), chain: join(place, `${file}.pem`) }
    writeFileSync(files.key, await exportKeyPem(keys.privateKey), { mode: 0o600 })
    writeFileSync(files.chain, (await sign(keys.publicKey)).chainPem)
    return files
  }
  return {
    place, bundle, folder,
    issue: (file, names) => write(file, (publicKey) => issuer.issue({ names, publicKey, ttlMillis: HOUR_MILLIS, nowMillis })),
    forge: (file, names) => write(file, async (publicKey) => {
      const signer = await readSigner(folder, 'intermediate', activeRoot(issuer.state).intermediateId)
      const leaf = await signLeaf({ names, publicKey, ...planLifetime(nowMillis, HOUR_MILLIS) }, signer)
      return { chainPem: certificatePem(leaf) + certificatePem(signer.certificate) }
    }),
  }
}

export const CART: LeafNames = { spiffeId: 'spiffe://shop.test/ns/shop/sa/cart', dnsNames: ['cart.shop.test'], ipAddresses: ['127.0.0.1', 'fd00::7'] }
export const WEB: LeafNames = { spiffeId: 'spiffe://shop.test/ns/shop/sa/web', dnsNames: ['web.shop.test'], ipAddresses: [] }
/** Each outside the constraints of the CA. */
export const FOREIGN: readonly LeafNames[] = [
  { ...CART, spiffeId: 'spiffe://other.test/cart' },
  { ...CART, dnsNames: ['cart.bank.test'] },
]
