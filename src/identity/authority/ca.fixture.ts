import type { webcrypto } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type * as X509 from '@peculiar/x509'
import { x509 } from '../x509.ts'
import { withFileLock } from '../../sys/file-lock.ts'
import { ECDSA_P256, generateKeys } from '../certificate-profile.ts'
import { Authority } from './authority.ts'
import type { NewCa } from './changes.ts'
import { initCa } from './changes.ts'
import { CaFolder } from './folder.ts'
import type { CaServer, CaServerOptions } from './server.ts'
import { openCaServer } from './server.ts'
import { addToken, TokenStore } from './token-file.ts'

export const HOUR_MILLIS = 3_600_000
export const DAY_MILLIS = 24 * HOUR_MILLIS
export const CART = { spiffeId: 'spiffe://shop.test/cart', dnsNames: ['cart'], ipAddresses: [] }

export function tempFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-ca-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A CA of shop.test that is gone with the test. */
export async function newCa(t: TestContext, settings: Partial<NewCa> = {}, nowMillis = Date.now()): Promise<CaFolder> {
  const folder = new CaFolder(join(tempFolder(t), 'ca'), withFileLock)
  await initCa(folder, { trustDomain: 'shop.test', name: 'test', dnsDomains: [], maxTtlMillis: 7 * DAY_MILLIS, ...settings }, { nowMillis, by: 'test' })
  return folder
}

export function openAuthority(folder: CaFolder, warnings: string[] = []): Authority {
  return new Authority({ store: folder, by: 'test', warn: (text) => warnings.push(text) })
}

export async function newToken(folder: CaFolder, names = CART, expiresAtMillis?: number): Promise<string> {
  const { token } = await addToken(folder.tokensPath, withFileLock, { names, limits: await folder.readState(), nowMillis: Date.now(), expiresAtMillis })
  return token
}

/** On a free port of the loopback interface, closed with the test. */
export async function serveCa(t: TestContext, folder: CaFolder, options: Partial<CaServerOptions> = {}): Promise<CaServer & { address: string, warnings: string[] }> {
  const warnings: string[] = []
  const warn = (text: string): void => { warnings.push(text) }
  const server = await openCaServer({
    authority: openAuthority(folder, warnings), callers: new TokenStore(folder.tokensPath, warn), audit: folder.audit,
    host: '127.0.0.1', port: 0, names: [], requestsPerMinute: 600, now: Date.now, warn, ...options,
  })
  t.after(() => server.close())
  return { ...server, address: `127.0.0.1:${server.port}`, warnings }
}

export async function bundleOf(folder: CaFolder): Promise<string> {
  return (await openAuthority(folder).current(Date.now())).bundlePem
}

export interface AuditLine { event: string, by: string, spiffeId?: string, serial?: string, reason?: string, remote?: string, tokenId?: string, unwritten?: number }

/** The lines that are whole: one may be on its way. */
export function auditOf(folder: CaFolder): AuditLine[] {
  return readFileSync(folder.auditPath, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as AuditLine)
}

/** A request with these extensions, signed with `keys` (ECDSA P-256 where left out). */
export async function csrWith(extensions: X509.Extension[], keys?: webcrypto.CryptoKeyPair, signingAlgorithm: object = ECDSA_P256): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=whoever', keys: keys ?? await generateKeys(true), signingAlgorithm: signingAlgorithm as webcrypto.Algorithm, extensions })
  return request.toString('pem')
}

export function csrFor(names: X509.JsonGeneralNames): Promise<string> {
  return csrWith([new x509.SubjectAlternativeNameExtension(names)])
}

/** The error code that a promise rejects with; undefined where it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return await promise.then(() => undefined, (error: { code?: string }) => error.code)
}
