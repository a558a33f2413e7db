import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EdgeReport } from '../../src/check/verdict.ts'
import { Pki } from '../fixtures/pki.ts'
import type { KeyPair } from '../fixtures/pki.ts'
import { CLIENT_IP, SERVER_IP, Stage } from '../fixtures/stage.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()
const MISSING = ['openssl', 'haproxy', 'curl', 'ip'].filter((program) => spawnSync(program, ['--version']).error !== undefined)
const PORT = 7443
const WAIT_MS = 60_000

/** A connection that stays open. */
interface OpenConnection { ask(): Promise<void> }
interface Answer { readonly code: number | null, readonly holds: boolean, readonly notes: readonly string[], readonly edges: readonly EdgeReport[], readonly leftOut?: object, readonly stderr: string }

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const start = performance.now(); !holds(); await sleep(20)) {
    if (performance.now() - start > WAIT_MS) throw new Error(`never came: ${what}`)
  }
}

/** Asks clients for a certificate and takes those without one; TLS 1.2, in which the wire alone is proof. */
async function serve(stage: Stage, pki: Pki): Promise<void> {
  const bundle = stage.file('bundle.pem', stage.server.run('cat', pki.serverEc.cert, pki.serverEc.key))
  const config = `global\n  log stderr local0 emerg\n  ssl-default-bind-options no-tls-tickets\n  tune.ssl.cachesize 0\ndefaults\n  timeout client 1h\n  timeout connect 1m\n  timeout server 1h\n  timeout http-keep-alive 1h\nfrontend f\n  mode http\n  bind ${SERVER_IP}:${PORT} ssl crt ${bundle} ca-file ${pki.root.cert} verify optional ssl-max-ver TLSv1.2\n  http-request return status 200\n`
  await stage.serve(stage.server, PORT, 'haproxy', '-f', stage.file('haproxy.cfg', config))
}

async function open(t: TestContext, stage: Stage, pki: Pki): Promise<OpenConnection> {
  const child = stage.client.start('openssl', 's_client', '-quiet', '-tls1_2', '-connect', `${SERVER_IP}:${PORT}`, '-cert', pki.client.cert, '-key', pki.client.key)
  t.after(() => { child.kill('SIGKILL') })
  child.stdin!.on('error', () => {})
  let said = ''
  child.stdout!.setEncoding('latin1').on('data', (text: string) => { said += text })
  const answers = (): number => said.split('HTTP/1.1 200').length - 1
  const ask = async (): Promise<void> => {
    const before = answers()
    child.stdin!.write('GET /held HTTP/1.1\r\nHost: shop\r\n\r\n')
    await until('an answer on the open connection', () => answers() > before)
  }
  await ask()
  return { ask }
}

function callAnew(stage: Stage, identity?: KeyPair): void {
  stage.client.run('curl', '-sk', '-o', '/dev/null', ...identity === undefined ? [] : ['--cert', identity.cert, '--key', identity.key], `https://${SERVER_IP}:${PORT}/new`)
}

/** `mtlscope check --expect mtls … -o json` over what `talk` does, ended by Ctrl-C. */
async function check(t: TestContext, stage: Stage, talk: () => Promise<void>, ...args: string[]): Promise<Answer> {
  const child = spawn(process.execPath, [MAIN, 'check', '-o', 'json', '--netns', stage.client.name, '--expect', 'mtls', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => { child.kill('SIGKILL') })
  const closed = once(child, 'close')
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  await until('capturing', () => stderr.includes('capturing') || child.exitCode !== null)
  await talk()
  child.kill('SIGINT')
  const [code] = await closed as [number | null]
  assert.ok(stdout.startsWith('{'), stderr)
  return { ...JSON.parse(stdout) as Omit<Answer, 'code' | 'stderr'>, code, stderr }
}

test('--expect mtls fails by a connection that was open before; with --new-only it is left out, and those opened in the watch count', { timeout: 300_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  if (!need(t, 'peers', MISSING.length === 0, MISSING.join(', '))) return
  const stage = new Stage('new')
  t.after(() => stage.close())
  const pki = new Pki(stage)
  await serve(stage, pki)
  const older = await open(t, stage, pki)
  const both = (identity?: KeyPair) => async (): Promise<void> => {
    await older.ask()
    callAnew(stage, identity)
  }

  const all = await check(t, stage, both(pki.client))
  assert.deepEqual([all.code, all.edges[0]?.client, all.edges[0]?.connections, all.edges[0]?.older], [1, CLIENT_IP, { 'mtls': 1, 'mtls (inferred)': 1 }, { 'mtls (inferred)': 1 }], all.stderr)
  assert.match(all.notes.join('\n'), /is so only by connections that are older than the watch; --new-only judges those that were opened in it/)

  const fresh = await check(t, stage, both(pki.client), '--new-only')
  assert.deepEqual([fresh.code, fresh.holds, fresh.leftOut, fresh.edges[0]?.verdict], [0, true, { connections: 1, edges: 0 }, 'mtls (inferred)'], fresh.stderr)
  assert.equal(fresh.edges[0]?.leftOut, 'not judged: 1 of 2 connections, older than the watch')

  const without = await check(t, stage, both(), '--new-only')
  assert.deepEqual([without.code, without.edges[0]?.connections, without.leftOut], [1, { tls: 1, unknown: 1 }, { connections: 1, edges: 0 }], without.stderr)

  const nothing = await check(t, stage, () => older.ask(), '--new-only')
  assert.deepEqual([nothing.code, nothing.holds, nothing.leftOut], [1, false, { connections: 1, edges: 1 }], nothing.stderr)
  assert.ok(nothing.notes.includes('no connection was opened in the watch: there is nothing to judge'), nothing.notes.join('\n'))
})
