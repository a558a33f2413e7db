import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { need } from '../require.ts'

// The published form: packed, installed into an empty folder, run there as compiled JavaScript.

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const OLDEST_NODE = [20, 19]

const folder = mkdtempSync(join(tmpdir(), 'mtlscope-package-'))
const installed = join(folder, 'installed')
const capture = join(folder, 'two.pcap')
after(() => rmSync(folder, { recursive: true, force: true }))

const start = promisify(execFile)

/** PATH with `node` from one folder first, and without the checkout's own programs. */
function pathWith(nodeFolder: string): string {
  const rest = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  return [nodeFolder, ...rest].join(delimiter)
}

const PACKAGED_NODE = dirname(process.execPath)

/** Packs a copy, so that the checkout's own dist/ stays as it is. */
async function pack(): Promise<string> {
  const copy = join(folder, 'checkout')
  mkdirSync(copy)
  for (const name of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE', 'docs', 'src', 'ui', 'scripts']) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  await start('npm', ['pack', '--pack-destination', folder], { cwd: copy, env: { ...process.env, PATH: pathWith(PACKAGED_NODE) } })
  return join(folder, `mtlscope-${version}.tgz`)
}

/** Without install scripts, as newer npm installs: nothing that is shipped may need one. */
async function install(tarball: string): Promise<void> {
  mkdirSync(installed)
  writeFileSync(join(installed, 'package.json'), '{ "private": true }\n')
  await start('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], { cwd: installed, env: { ...process.env, PATH: pathWith(PACKAGED_NODE) } })
}

async function npx(nodeFolder: string, ...args: string[]): Promise<string> {
  const { stdout } = await start('npx', ['--no-install', 'mtlscope', ...args], { cwd: installed, env: { ...process.env, PATH: pathWith(nodeFolder) } })
  return stdout
}

/** Folder of a node on PATH that is not the checkout's, where there is one that is new enough. */
async function systemNode(): Promise<string | undefined> {
  for (const entry of pathWith('').split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(entry, 'node'), constants.X_OK)
    } catch {
      continue
    }
    const { stdout } = await start(join(entry, 'node'), ['--version'])
    const [major = 0, minor = 0] = stdout.replace('v', '').split('.').map(Number)
    return major > OLDEST_NODE[0]! || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]!) ? entry : undefined
  }
  return undefined
}

interface Line {
  protocol: string
  complete: boolean
  request: { method: string }
  response: { status: number }
  /** In the last line only. */
  health: { packets: number, messages: number }
}

/** Says its version and reads a capture of two requests. */
async function assertWorks(nodeFolder: string): Promise<void> {
  assert.equal(await npx(nodeFolder, '--version'), `mtlscope ${version}\n`)
  const lines = (await npx(nodeFolder, 'tap', '-r', capture, '-o', 'json')).trimEnd().split('\n').map((line) => JSON.parse(line) as Line)
  const messages = lines.slice(0, -1)
  assert.deepEqual(messages.map(({ protocol, complete }) => ({ protocol, complete })), [{ protocol: 'http1', complete: true }, { protocol: 'http1', complete: true }])
  for (const { request, response } of messages) {
    assert.match(request.method, /^(?:GET|POST)$/)
    assert.ok(response.status >= 200)
  }
  const { health } = lines.at(-1)!
  assert.ok(health.packets > 0)
  assert.equal(health.messages, 2)
}

/** Makes an identity and has a sidecar's file checked with it: what Node says of a certificate differs from one to the next. */
async function assertKnowsIdentities(nodeFolder: string): Promise<void> {
  const home = mkdtempSync(join(folder, 'sidecar-'))
  await npx(nodeFolder, 'ca', 'init', '--dir', join(home, 'ca'), '--trust-domain', 'shop.test')
  await npx(nodeFolder, 'ca', 'issue', '--dir', join(home, 'ca'), '--spiffe', 'spiffe://shop.test/cart', '--out', join(home, 'tls'))
  const config = join(home, 'mtlscope.yaml')
  writeFileSync(config, `identity: { dir: ${join(home, 'tls')} }\ninbound: { mode: listen, listen: "127.0.0.1:9443", to: "127.0.0.1:8080" }\n`)
  assert.match(await npx(nodeFolder, 'sidecar', '--config', config, '--check'), /^identity +spiffe:\/\/shop\.test\/cart until \d{4}-/m)
}

before(async () => {
  await start(process.execPath, [join(ROOT, 'bench/gen/http1-pcap.ts'), '--requests', '2', '--connections', '1', '--out', capture])
  await install(await pack())
})

test('the package holds the compiled program and no sources or tests', () => {
  const root = join(installed, 'node_modules/mtlscope')
  assert.deepEqual(readdirSync(root).sort(), ['LICENSE', 'README.md', 'dist', 'docs', 'package.json'])
  const files = readdirSync(join(root, 'dist'), { recursive: true }).map(String)
  assert.ok(files.includes('cli/main.js'))
  assert.deepEqual(files.filter((file) => /\.ts$|\.test\.|\.fixture\./.test(file)), [])
})

test('installed into an empty folder it runs on the node that the project pins', async () => {
  await assertWorks(PACKAGED_NODE)
  await assertKnowsIdentities(PACKAGED_NODE)
})

test('installed into an empty folder it runs on the machine\'s own node', async (t) => {
  const own = await systemNode()
  if (!need(t, 'system-node', own !== undefined, `a node of its own, at least ${OLDEST_NODE.join('.')}, on PATH`)) return
  await assertWorks(own!)
  await assertKnowsIdentities(own!)
})

test('the native part loads without an install script having run', async () => {
  const program = 'const { default: koffi } = await import(\'koffi\'); console.log(koffi.load(null).func(\'int getpid()\')() === process.pid)'
  const { stdout } = await start(join(PACKAGED_NODE, 'node'), ['--input-type=module', '-e', program], { cwd: installed })
  assert.equal(stdout, 'true\n')
})

test('a capture that is cut ends in one line and exit code 1', async () => {
  const cut = join(folder, 'cut.pcap')
  writeFileSync(cut, readFileSync(capture).subarray(0, -3))
  const error = await npx(PACKAGED_NODE, 'tap', '-r', cut).then(() => undefined, (reason: unknown) => reason as { code: number, stderr: string })
  assert.equal(error?.code, 1)
  assert.match(error.stderr, /^mtlscope: error: .* at byte \d+$/m)
  assert.doesNotMatch(error.stderr, /^\s+at /m)
})
