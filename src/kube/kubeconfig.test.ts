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
- { name: cloud, user: { auth-provider: { name: gcp } } }
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

test('the current context: server, CA, token, namespace', async () => {
  const access = parseKubeconfig(CONFIG, '/x/config')
  assert.equal(access.server.href, 'https://10.0.0.1:6443/base')
  assert.equal(access.ca?.toString(), 'CA')
  assert.deepEqual(await access.credentials(), { token: 'secret' })
  assert.equal(access.namespace, 'shop')
  assert.equal(access.insecure, false)
})

test('another context: paths begin at the folder of the file', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'cert.pem'), 'CERT')
  const access = parseKubeconfig(CONFIG, join(path, 'config'), 'b')
  assert.deepEqual([access.cert?.toString(), access.key?.toString(), access.insecure, access.serverName, access.namespace, await access.credentials()], ['CERT', 'KEY', true, 'api', 'default', {}])
})

test('a token may lie in a file, which is read each time, and a program may give one', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'token'), 'one\n')
  const config = (user: string): string => `{current-context: a, clusters: [{name: c, cluster: {server: "https://a"}}], contexts: [{name: a, context: {cluster: c, user: u}}], users: [{name: u, user: ${user}}]}`
  const access = parseKubeconfig(config('{tokenFile: token, token: other}'), join(path, 'config'))
  assert.deepEqual(await access.credentials(), { token: 'one' })
  writeFileSync(join(path, 'token'), 'two')
  assert.deepEqual(await access.credentials(), { token: 'two' })
  rmSync(join(path, 'token'))
  await assert.rejects(access.credentials(), { code: 'bad-kubeconfig', message: `cannot read the token file ${path}/token: ENOENT` })
  const answer = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'three' } })
  const cloud = parseKubeconfig(config(JSON.stringify({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [answer] } })), join(path, 'config'))
  assert.equal((await cloud.credentials()).token, 'three')
  assert.throws(() => parseKubeconfig(config('{exec: {command: x}}'), join(path, 'config')), /the exec of its user speaks no apiVersion/)
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
  assert.equal(said(CONFIG, 'c'), '/x/config: its user signs in by auth-provider, which is not supported')
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
  assert.throws(() => readClusterAccess({}, { KUBECONFIG: '/nowhere' }), /cannot read \/nowhere: there is no such file/)
  assert.throws(() => readClusterAccess({}, { HOME: '/nowhere' }), /cannot read \/nowhere\/\.kube\/config: there is no such file/)
})
