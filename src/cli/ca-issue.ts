import type { webcrypto } from 'node:crypto'
import { existsSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { makeFolder, writeFileAtomic } from '../identity/authority/atomic-file.ts'
import { Authority } from '../identity/authority/authority.ts'
import { readBounded } from '../identity/authority/folder.ts'
import type { IssuedLeaf } from '../identity/authority/issuer.ts'
import { iso } from '../identity/authority/issuer.ts'
import { issuedEntry } from '../identity/authority/sign-service.ts'
import type { LeafNames } from '../identity/certificate-names.ts'
import { exportKeyPem, generateKeys } from '../identity/certificate-profile.ts'
import type { Csr } from '../identity/csr.ts'
import { verifyCsr } from '../identity/csr.ts'
import { caFolder, caller } from './ca-folder.ts'
import { say, sayWarning } from './say.ts'

export interface CaIssueFlags { dir: string, spiffe: string, dns?: string[], ip?: string[], ttl: number, out?: string, csr?: string, force?: boolean }

type PublicKey = Csr['publicKey'] | webcrypto.CryptoKey

/** Bytes of a file with a request. */
const MAX_CSR_FILE_BYTES = 64 * 1024
const FILES = { key: 'key.pem', chain: 'certChain.pem', bundle: 'mesh-ca.pem' }

export async function runCaIssue(flags: CaIssueFlags): Promise<void> {
  const names: LeafNames = { spiffeId: flags.spiffe, dnsNames: flags.dns ?? [], ipAddresses: flags.ip ?? [] }
  const toStdout = flags.csr !== undefined && flags.out === undefined
  const out = flags.out ?? '.'
  // Before anything is issued: a certificate that cannot be put anywhere should not be in the audit log.
  const madeFolder = !toStdout && !existsSync(out)
  if (!toStdout) await requireFree(out, flags)
  const key = flags.csr === undefined ? await newKey() : { publicKey: (await readCsr(flags.csr)).publicKey, pem: undefined }
  const leaf = await issueAudited(flags, names, key.publicKey).catch((error: Error) => {
    if (madeFolder) removeEmpty(out)
    throw error
  })
  if (toStdout) process.stdout.write(leaf.chainPem)
  else process.stdout.write(`${(await writeIdentity(out, leaf, key.pem, flags.force === true)).join('\n')}\n`)
  say(`${names.spiffeId} until ${iso(leaf.notAfterMillis)}, serial ${leaf.serial}`)
}

/** What was made for files that are not written after all. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody has put something there meanwhile.
  }
}

async function newKey(): Promise<{ publicKey: PublicKey, pem: string }> {
  const keys = await generateKeys(true)
  return { publicKey: keys.publicKey, pem: await exportKeyPem(keys.privateKey) }
}

async function readCsr(path: string): Promise<Csr> {
  const text = await readBounded(path === '-' ? '/dev/stdin' : path, MAX_CSR_FILE_BYTES)
  if (text === undefined) throw new MtlscopeError('cannot-read', `cannot read ${path}: there is no such file`, { facts: { path } })
  const reading = await verifyCsr(text)
  if (!reading.ok) throw new MtlscopeError('ca-refused', `not issued: ${path}: ${reading.why}`, { facts: { path } })
  return reading.csr
}

async function issueAudited(flags: CaIssueFlags, names: LeafNames, publicKey: PublicKey): Promise<IssuedLeaf> {
  const folder = caFolder(flags.dir)
  const nowMillis = Date.now()
  const issuer = await new Authority({ store: folder, by: caller(), warn: sayWarning }).current(nowMillis)
  const leaf = await issuer.issue({ names, publicKey, ttlMillis: flags.ttl, nowMillis })
  if (leaf.notAfterMillis < nowMillis + flags.ttl - 1000) sayWarning(`it lives no longer than the intermediate, until ${iso(leaf.notAfterMillis)}`)
  await folder.audit.append(issuedEntry({ by: caller() }, names, leaf), nowMillis)
  return leaf
}

async function requireFree(out: string, flags: CaIssueFlags): Promise<void> {
  await makeFolder(out)
  if (flags.force === true) return
  const names = Object.values(FILES).filter((name) => name !== FILES.key || flags.csr === undefined)
  const taken = names.map((name) => join(out, name)).find((path) => existsSync(path))
  if (taken !== undefined) throw new MtlscopeError('ca-exists', `${taken} exists and is not overwritten`, { hint: 'choose another --out, or say --force', facts: { path: taken } })
}

/** The key first: whoever watches the certificate finds its key when it appears. */
async function writeIdentity(out: string, leaf: IssuedLeaf, keyPem: string | undefined, replace: boolean): Promise<string[]> {
  const paths = { key: join(out, FILES.key), chain: join(out, FILES.chain), bundle: join(out, FILES.bundle) }
  if (keyPem !== undefined) await writeFileAtomic(paths.key, keyPem, { mode: 0o600, replace })
  await writeFileAtomic(paths.bundle, leaf.bundlePem, { mode: 0o644, replace })
  await writeFileAtomic(paths.chain, leaf.chainPem, { mode: 0o644, replace })
  return keyPem === undefined ? [paths.chain, paths.bundle] : [paths.key, paths.chain, paths.bundle]
}
