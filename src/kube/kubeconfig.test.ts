import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from '#property'
import { MtlscopeError } from '../base/errors.ts'
import { parseKubeconfig, readClusterAccess } from './kubeconfig.ts'

const CONFIG = `
apiVersion: v1
kind: Config
current-context: a
clusters:
- { name: one, cluster: { server: "https://10.0.0.1:6443/base", certificate-authority-data: ${Buffer.from('CA').toString('base64')} } }
- { name: two, cluster: { server: "https://two", insecure-skip-tls-verify: true, tls-server-name: api } }
users:
- { name: me, user: { token: secret } }
- { name: cert, user: { client-certificate: cert.pem, client-key-data: ${Buffer.from('KEY').toString('base64')} } }
- { name: cloud, user: { exec: { command: aws } } }
contexts:
- { name: a, context: { cluster: one, user: me, namespace: shop } }
- { name: b, context: { cluster: two, user: cert } }
- { name: c, context: { cluster: one, user: cloud } }
- { name: d, context: { cluster: absent, user: me } }
`

function folder(t: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-kubeconfig-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('the current context: server, CA, token, namespace', () => {
  const access = parseKubeconfig(CONFIG, '/x/config')
  assert.equal(access.server.href, 'https://10.0.0.1:6443/base')
  assert.equal(access.ca?.toString(), 'CA')
  assert.equal(access.token?.(), 'secret')
  assert.equal(access.namespace, 'shop')
  assert.equal(access.insecure, false)
})

test('another context: paths begin at the folder of the file', (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'cert.pem'), 'CERT')
  const access = parseKubeconfig(CONFIG, join(path, 'config'), 'b')
  assert.deepEqual([access.cert?.toString(), access.key?.toString(), access.insecure, access.serverName, access.namespace, access.token], ['CERT', 'KEY', true, 'api', 'default', undefined])
})

test('what cannot be used is refused by name', () => {
  const said = (text: string, context?: string): string => {
    try {
      parseKubeconfig(text, '/x/config', context)
    } catch (error) {
      assert.ok(error instanceof MtlscopeError && error.code === 'bad-kubeconfig')
      return error.message
    }
    return 'nothing'
  }
  assert.equal(said(CONFIG, 'z'), '/x/config: has no context z')
  assert.equal(said(CONFIG, 'c'), '/x/config: its user signs in by exec, which is not supported')
  assert.equal(said(CONFIG, 'd'), '/x/config: the cluster of context d has no server')
  assert.equal(said('kind: Config'), '/x/config: names no current context')
  assert.match(said('a: [b'), /is not YAML/)
  assert.match(said(CONFIG, 'b'), /cannot read its client-certificate \/x\/cert\.pem: ENOENT/)
})

test('whatever a kubeconfig holds, it is used or refused', () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    try {
      parseKubeconfig(JSON.stringify(value) ?? '', '/x/config', 'a')
    } catch (error) {
      assert.ok(error instanceof MtlscopeError, String(error))
    }
  }))
})

test('--kubeconfig before KUBECONFIG before the home; a named one must be there', (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'config'), CONFIG)
  assert.equal(readClusterAccess({}, { KUBECONFIG: `${path}/config:/other`, HOME: '/nowhere' }).context, 'a')
  assert.equal(readClusterAccess({ kubeconfig: `${path}/config` }, { KUBECONFIG: '/nowhere' }).context, 'a')
  assert.throws(() => readClusterAccess({}, { KUBECONFIG: '/nowhere' }), /cannot read \/nowhere: ENOENT/)
  assert.throws(() => readClusterAccess({}, { HOME: '/nowhere' }), /cannot read \/nowhere\/\.kube\/config: ENOENT/)
})
