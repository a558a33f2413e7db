import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { MAIN } from './sidecar.fixture.ts'
import type { Mesh } from './sidecar.fixture.ts'

/** A CA of the trust domain shop.test, and where it serves or will; tokens are files by the last part of the identity. */
export interface CaProcess { readonly address: string, readonly bundle: string, readonly tokens: Readonly<Record<string, string>>, run(...words: string[]): string, serve(): Promise<void> }

export function makeCa(mesh: Mesh, names: readonly string[], options: readonly string[] = []): CaProcess {
  const dir = join(mesh.folder, 'ca')
  const run = (...words: string[]): string => execFileSync(process.execPath, [MAIN, 'ca', ...words, '--dir', dir], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  run('init', '--trust-domain', 'shop.test')
  const tokens = Object.fromEntries(names.map((name) => [name, mesh.write(`${name}.token`, run('token', 'add', '--spiffe', `spiffe://shop.test/${name}`))]))
  const address = mesh.address()
  const serve = (): Promise<void> => startServer(mesh, ['--listen', address, '--dir', dir, ...options])
  return { address, tokens, run, serve, bundle: mesh.write('roots.pem', run('show', '-o', 'pem')) }
}

export async function serveCa(mesh: Mesh, names: readonly string[], options: readonly string[] = []): Promise<CaProcess> {
  const ca = makeCa(mesh, names, options)
  await ca.serve()
  return ca
}

async function startServer(mesh: Mesh, options: readonly string[]): Promise<void> {
  const server = spawn(process.execPath, [MAIN, 'ca', 'serve', ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  const closed = once(server, 'close')
  mesh.t.after(async () => {
    server.kill('SIGTERM')
    await closed
  })
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => { said += text })
  for (let n = 0; n < 6000 && server.exitCode === null && !said.includes('serving'); n++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.match(said, /serving/)
}
