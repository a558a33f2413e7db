import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { splitPem } from '../../src/identity/pem.ts'
import { need } from '../require.ts'
import type { CaFiles } from './ca-files.ts'
import { CART, FOREIGN, makeCa } from './ca-files.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const openssl = (...args: string[]): { status: number | null, text: string } => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  return { status, text: stdout + stderr }
}
const verify = ({ bundle }: CaFiles, chain: string, ...options: string[]): { status: number | null, text: string } =>
  openssl('verify', '-x509_strict', '-check_ss_sig', '-CAfile', bundle, '-untrusted', chain, ...options, chain)

test('openssl verify -x509_strict takes a leaf for both ends of a handshake, by each of its names', async (t) => {
  if (!need(t, 'peers', hasOpenssl, 'openssl')) return
  const ca = await makeCa(t)
  const { chain } = await ca.issue('cart', CART)
  for (const options of [['-purpose', 'sslserver'], ['-purpose', 'sslclient'], ['-verify_hostname', 'cart.shop.test'], ['-verify_ip', '127.0.0.1'], ['-verify_ip', 'fd00::7']]) {
    const { status, text } = verify(ca, chain, ...options)
    assert.equal(status, 0, text)
  }
  assert.notEqual(verify(ca, chain, '-verify_hostname', 'web.shop.test').status, 0)
})

test('openssl refuses what a stolen intermediate would sign outside its constraints', async (t) => {
  if (!need(t, 'peers', hasOpenssl, 'openssl')) return
  const ca = await makeCa(t)
  for (const [i, names] of FOREIGN.entries()) {
    const { status, text } = verify(ca, (await ca.forge(`forged${i}`, names)).chain)
    assert.notEqual(status, 0)
    assert.match(text, /permitted subtree violation/)
  }
  assert.equal(verify(ca, (await ca.forge('honest', CART)).chain).status, 0)
})

test('a leaf cannot be a CA, and the intermediate can have none below it', async (t) => {
  if (!need(t, 'peers', hasOpenssl, 'openssl')) return
  const ca = await makeCa(t)
  const { chain } = await ca.issue('cart', CART)
  const [leaf = '', intermediate = ''] = splitPem(readFileSync(chain, 'utf8'), 'CERTIFICATE')
  const files = { leaf: join(ca.place, 'leaf.pem'), intermediate: join(ca.place, 'intermediate.pem') }
  writeFileSync(files.leaf, leaf)
  writeFileSync(files.intermediate, intermediate)
  const extension = (file: string, name: string): string => openssl('x509', '-in', file, '-noout', '-ext', name).text
  assert.match(extension(ca.bundle, 'basicConstraints'), /critical\n\s+CA:TRUE, pathlen:1\n/)
  assert.match(extension(files.intermediate, 'basicConstraints'), /critical\n\s+CA:TRUE, pathlen:0\n/)
  assert.match(extension(files.leaf, 'basicConstraints'), /critical\n\s+CA:FALSE\n/)
  assert.match(extension(files.leaf, 'keyUsage'), /critical\n\s+Digital Signature\n/)
  assert.match(extension(files.leaf, 'extendedKeyUsage'), /TLS Web Server Authentication, TLS Web Client Authentication\n/)
  assert.match(extension(files.leaf, 'subjectAltName'), /critical\n\s+URI:spiffe:\/\/shop\.test\/ns\/shop\/sa\/cart, DNS:cart\.shop\.test, IP Address:127\.0\.0\.1, /)
  for (const file of [ca.bundle, files.intermediate]) {
    assert.match(extension(file, 'nameConstraints'), /critical\n\s+Permitted:\n\s+URI:shop\.test\n\s+DNS:shop\.test\n/)
    assert.match(extension(file, 'keyUsage'), /critical\n\s+Certificate Sign, CRL Sign\n/)
  }
})

test('openssl asn1parse reads every file, and finds a subject that is empty', async (t) => {
  if (!need(t, 'peers', hasOpenssl, 'openssl')) return
  const ca = await makeCa(t)
  const { chain, key } = await ca.issue('cart', CART)
  for (const file of [ca.bundle, chain, key]) {
    const { status, text } = openssl('asn1parse', '-i', '-in', file)
    assert.equal(status, 0, text)
    // What it cannot read it calls ":BAD INTEGER:", ":BAD OBJECT" or "Bad boolean"; the hex of a serial number may hold "BAD" as well.
    assert.doesNotMatch(text, /:BAD [A-Z]|Bad boolean|<ASN1 13>/)
  }
  assert.match(openssl('x509', '-in', chain, '-noout', '-subject').text, /^subject=\s*$/m)
  assert.equal(openssl('pkey', '-in', key, '-check', '-noout').status, 0)
})

test('through a root rotation a leaf of either root is taken while both are in the bundle', async (t) => {
  if (!need(t, 'peers', hasOpenssl, 'openssl')) return
  const ca = await makeCa(t)
  const cli = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [new URL('../../src/cli/main.ts', import.meta.url).pathname, 'ca', ...args, '--dir', ca.folder.path], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const issue = (out: string): string => cli('issue', '--spiffe', CART.spiffeId, '--out', join(ca.place, out)).split('\n')[1]!
  const check = (chain: string): boolean => openssl('verify', '-x509_strict', '-CAfile', join(ca.place, 'now.pem'), '-untrusted', chain, chain).status === 0
  const publish = (): void => writeFileSync(join(ca.place, 'now.pem'), cli('show', '-o', 'pem'))
  const before = issue('before')
  cli('rotate-root')
  publish()
  assert.deepEqual([check(before), check(issue('published'))], [true, true])
  cli('rotate-root', '--finish', '--force')
  publish()
  const after = issue('after')
  assert.deepEqual([check(before), check(after)], [true, true])
  cli('rotate-root', '--finish', '--force')
  publish()
  assert.deepEqual([check(before), check(after)], [false, true])
})
