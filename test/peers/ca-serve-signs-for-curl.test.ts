import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const ready = ['curl', 'openssl'].every((program) => spawnSync(program, ['version']).error === undefined)
const ID = 'spiffe://cluster.local/ns/shop/sa/cart'

interface Signed { chain: string, bundle: string, expiresAt: string, error?: { message: string } }

class Place {
  readonly path = mkdtempSync(join(tmpdir(), 'mtlscope-ca-'))

  ca(...args: string[]): string {
    return execFileSync(process.execPath, [MAIN, 'ca', ...args], { cwd: this.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  run(program: string, ...args: string[]): string {
    return execFileSync(program, args, { cwd: this.path, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  file(name: string, text: string): string {
    writeFileSync(join(this.path, name), text)
    return name
  }

  /** On a free port; ended with the test. */
  async serve(t: TestContext, ...args: string[]): Promise<{ child: ChildProcess, url: string }> {
    const child = spawn(process.execPath, [MAIN, 'ca', 'serve', '--listen', '127.0.0.1:0', ...args], { cwd: this.path, stdio: ['ignore', 'ignore', 'pipe'] })
    t.after(async () => { if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await once(child, 'exit') } })
    let said = ''
    for await (const text of child.stderr.setEncoding('utf8') as AsyncIterable<string>) {
      said += text
      const port = /on https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (port !== undefined) return { child, url: `https://localhost:${port}` }
    }
    throw new Error(said)
  }

  /** With curl, which checks the server by name and bundle. */
  sign(url: string, token: string, csr: string): Signed {
    const body = this.file('body.json', JSON.stringify({ csr: readFileSync(join(this.path, csr), 'utf8') }))
    return JSON.parse(this.run('curl', '-sS', '--cacert', 'mesh-ca.pem', '-H', `Authorization: Bearer ${token}`, '--data', `@${body}`, `${url}/v1/sign`)) as Signed
  }
}

function makePlace(t: TestContext): Place {
  const place = new Place()
  t.after(() => rmSync(place.path, { recursive: true, force: true }))
  place.ca('init')
  place.file('mesh-ca.pem', place.ca('show', '-o', 'pem'))
  return place
}

test('curl and openssl get certificates for keys of several kinds, which openssl verifies', async (t) => {
  if (!need(t, 'peers', ready, 'curl and openssl')) return
  const place = makePlace(t)
  const token = place.ca('token', 'add', '--spiffe', ID, '--dns', 'cart').trim()
  const { child, url } = await place.serve(t)
  for (const [name, ...options] of [['p256', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['p384', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['rsa', 'rsa:2048']]) {
    place.run('openssl', 'req', '-new', '-newkey', ...options, '-nodes', '-keyout', 'key.pem', '-subj', '/CN=admin', '-addext', `subjectAltName=URI:${ID}`, '-out', 'cart.csr')
    const signed = place.sign(url, token, 'cart.csr')
    place.file('chain.pem', signed.chain)
    place.run('openssl', 'verify', '-x509_strict', '-CAfile', 'mesh-ca.pem', '-untrusted', 'chain.pem', '-verify_hostname', 'cart', 'chain.pem')
    assert.equal(place.run('openssl', 'x509', '-in', 'chain.pem', '-noout', '-pubkey'), place.run('openssl', 'pkey', '-in', 'key.pem', '-pubout'), name)
    assert.match(place.run('openssl', 'x509', '-in', 'chain.pem', '-noout', '-subject'), /^subject=\s*$/)
  }
  place.run('openssl', 'req', '-new', '-newkey', 'ed25519', '-nodes', '-keyout', 'key.pem', '-subj', '/', '-out', 'cart.csr')
  assert.match(place.sign(url, token, 'cart.csr').error?.message ?? '', /key of type ed25519, wanted: P-256/)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('tokens and roots that change are picked up, and a server that was killed starts again', async (t) => {
  if (!need(t, 'peers', ready, 'curl and openssl')) return
  const place = makePlace(t)
  const first = await place.serve(t)
  const token = place.ca('token', 'add', '--spiffe', ID).trim()
  place.run('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem', '-subj', '/', '-out', 'cart.csr')
  const roots = ({ bundle }: Signed): number => bundle.split('BEGIN CERTIFICATE').length - 1
  assert.equal(roots(place.sign(first.url, token, 'cart.csr')), 1)
  place.ca('rotate-root')
  assert.equal(roots(place.sign(first.url, token, 'cart.csr')), 2)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const second = await place.serve(t)
  assert.equal(roots(place.sign(second.url, token, 'cart.csr')), 2)
  place.ca('token', 'revoke', token.slice(7, 15))
  assert.match(place.sign(second.url, token, 'cart.csr').error?.message ?? '', /unknown token/)
})
