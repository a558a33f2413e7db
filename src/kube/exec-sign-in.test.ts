import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { ExecSignIn } from './exec-sign-in.ts'

const API = 'client.authentication.k8s.io/v1'

/** A program that writes down how it was asked, and answers so. */
function plugin(t: TestContext, answer: string): { file: string, asked(): string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-sign-in-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'sign-in')
  writeFileSync(file, `#!/bin/sh\necho "$1 $WORD $KUBERNETES_EXEC_INFO" >> ${folder}/asked\n${answer}\n`)
  chmodSync(file, 0o755)
  return { file, asked: () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n') }
}

const credential = (status: object, apiVersion = API): string => `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`
const later = (ms: number): string => new Date(Date.now() + ms).toISOString()

test('the program is asked once until its word expires, with its arguments, variables and the cluster', async (t) => {
  const { file, asked } = plugin(t, credential({ token: 'secret', expirationTimestamp: later(3_600_000) }))
  const signIn = new ExecSignIn({ apiVersion: API, command: file, args: ['get'], env: [{ name: 'WORD', value: 'w' }], provideClusterInfo: true }, '/x/config', { server: 'https://a' })
  assert.equal((await signIn.credentials()).token, 'secret')
  await Promise.all([signIn.credentials(), signIn.credentials()])
  const [first, ...more] = asked()
  assert.deepEqual(more, [])
  assert.match(first!, /^get w \{/)
  assert.deepEqual(JSON.parse(first!.slice('get w '.length)), { kind: 'ExecCredential', apiVersion: API, spec: { interactive: false, cluster: { server: 'https://a' } } })
  signIn.forget()
  await signIn.credentials()
  assert.equal(asked().length, 2)
})

test('a word that has expired, or will in a moment, is asked for anew; a certificate is one, too', async (t) => {
  const { file, asked } = plugin(t, credential({ clientCertificateData: 'CERT', clientKeyData: 'KEY', expirationTimestamp: later(1000) }))
  const signIn = new ExecSignIn({ apiVersion: API, command: './sign-in' }, file, {})
  for (let n = 0; n < 2; n++) {
    const { cert, key, token } = await signIn.credentials()
    assert.deepEqual([cert, key, token], ['CERT', 'KEY', undefined])
  }
  assert.equal(asked().length, 2)
})

test('what a program that fails said last is told, and it is asked again the next time', async (t) => {
  const { file, asked } = plugin(t, 'echo first >&2; echo "please log in" >&2; exit 3')
  const signIn = new ExecSignIn({ apiVersion: API, command: file, installHint: 'get it from x' }, '/x/config', {})
  for (let n = 0; n < 2; n++) await assert.rejects(signIn.credentials(), { code: 'bad-kubeconfig', message: `cannot sign in by ${file}: it ended with 3: please log in`, hint: 'get it from x' })
  assert.equal(asked().length, 2)
})

for (const [what, answer] of [['nothing', 'true'], ['no JSON', 'echo hi'], ['another version', credential({ token: 'x' }, 'client.authentication.k8s.io/v1beta1')], ['a certificate without key', credential({ clientCertificateData: 'C' })]] as const) {
  test(`an answer of ${what} is refused`, async (t) => {
    const { file } = plugin(t, answer)
    await assert.rejects(new ExecSignIn({ apiVersion: API, command: file }, '/x/config', {}).credentials(), { code: 'bad-kubeconfig' })
  })
}

test('a program that is not there, and what is no program at all', async () => {
  await assert.rejects(new ExecSignIn({ apiVersion: API, command: 'mtlscope-no-such-program' }, '/x/config', {}).credentials(), /cannot sign in by mtlscope-no-such-program: mtlscope-no-such-program is not installed/)
  assert.throws(() => new ExecSignIn({ apiVersion: API }, '/x/config', {}), /names no command/)
  assert.throws(() => new ExecSignIn({ apiVersion: 'v1alpha1', command: 'x' }, '/x/config', {}), /speaks v1alpha1, which is not known/)
  assert.throws(() => new ExecSignIn({ apiVersion: API, command: 'x', interactiveMode: 'Always' }, '/x/config', {}), /wants to ask on the terminal/)
})
