import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import type { TestNamespace } from './namespace.ts'
import { addNamespace, joinNamespaces } from './namespace.ts'
import { call, endChild, serveIn, serveShop, tempFolder } from './peers.ts'
import { SniffProcess } from './sniff-process.ts'
import { MAIN } from './tap-process.ts'

const netns = ensureNetns()
const hasTshark = ['tshark', 'capinfos'].every((program) => spawnSync(program, ['--version']).error === undefined)
const RIGHT = 'the right to create network namespaces'

/** Rows of `tshark -T fields`, without those that are empty. */
function tshark(file: string, fields: readonly string[], ...options: string[]): string[][] {
  const words = ['-r', file, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((field) => ['-e', field]), ...options]
  const { stdout, stderr, status } = spawnSync('tshark', words, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('|'))
}

const onlyOne = (rows: string[][]): string[] => [...new Set(rows.map((row) => row.join(' | ')))]

let pairs = 0

interface Pair { readonly web: TestNamespace, readonly cart: TestNamespace, readonly webIp: string, readonly ip: string, readonly ip6: string }

/** With addresses that no other test has at the same time: an address that two claim names nobody. */
function joinedPair(t: TestContext): Pair {
  const [web, cart] = [addNamespace(t, 'web'), addNamespace(t, 'cart')]
  joinNamespaces(web, cart)
  const pair = pairs++
  const net = `10.${128 + (process.pid >> 8 & 63)}.${process.pid & 255}`
  const net6 = `fd99:${(process.pid & 0xffff).toString(16)}:${pair + 1}:`
  const [webIp, ip] = [`${net}.${4 * pair + 1}`, `${net}.${4 * pair + 2}`]
  for (const [{ run }, own, host] of [[web, webIp, 1], [cart, ip, 2]] as const) {
    run('ip', 'addr', 'flush', 'dev', 'veth0')
    run('ip', 'addr', 'add', `${own}/30`, 'dev', 'veth0')
    run('ip', '-6', 'addr', 'add', `${net6}:${host}/64`, 'dev', 'veth0', 'nodad')
    run('ip', '-6', 'neigh', 'replace', `${net6}:${3 - host}`, 'lladdr', `02:00:00:00:00:0${3 - host}`, 'dev', 'veth0')
  }
  return { web, cart, webIp, ip, ip6: `${net6}:2` }
}

async function joinedShop(t: TestContext): Promise<Pair> {
  const pair = joinedPair(t)
  await serveShop(t, pair.cart)
  return pair
}

const WAIT_MS = 60_000
const NOBODY = 65_534

/** Waits until it is so; gives up after a while, so that nothing waits for ever. */
async function until(what: string, found: () => boolean): Promise<void> {
  for (const start = performance.now(); !found();) {
    if (performance.now() - start > WAIT_MS) throw new Error(`${what}: never came`)
    await sleep(20)
  }
}

test('interfaces, packets and addresses have the names of workloads and of who listens', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT) || !need(t, 'peers', hasTshark, 'tshark')) return
  const { web, cart, webIp, ip, ip6 } = await joinedShop(t)
  const file = join(tempFolder(t), 'shop.pcapng')
  const sniff = new SniffProcess(t, ['--netns', web.name, '--netns', cart.name, '-w', file, '--workers', '2', 'port', '8080'])
  await sniff.capturing()
  call(web, `http://${ip}:8080/wire`)
  call(web, `http://[${ip6}]:8080/wire6`)
  call(cart, 'http://127.0.0.1:8080/inside')
  await sleep(300)
  assert.equal(await sniff.interrupt(), 0, sniff.stderr)

  // Not by http.request: the second copy of a segment is a retransmission to tshark, which it does not dissect again.
  const requests = tshark(file, ['frame.interface_name', 'frame.interface_description', 'frame.comment', 'eth.type'], '-n', '-Y', 'tcp.dstport == 8080 && tcp.len > 0')
  assert.deepEqual(requests.map(([name, , comment, type]) => [name, comment, type]).toSorted(), [
    [`${cart.name}/lo`, `${cart.name} → ${cart.name}:8080 (node)`, '0x0800'],
    ...['0x0800', '0x86dd'].flatMap((type) => [web, cart].map(({ name }) => [`${name}/veth0`, `${web.name} → ${cart.name}:8080 (node)`, type])),
  ].toSorted())
  for (const [name, description] of requests) {
    const own = name!.startsWith(web.name) ? [web.name, webIp] : [cart.name, ip, 'node:8080']
    for (const word of own) assert.ok(description!.includes(word), description)
  }
  const answers = tshark(file, ['frame.comment'], '-n', '-Y', `tcp.srcport == 8080 && tcp.len > 0 && frame.interface_name == "${web.name}/veth0"`)
  assert.deepEqual(onlyOne(answers), [`${cart.name}:8080 (node) → ${web.name}`])
  assert.equal(tshark(file, ['frame.number'], '-n', '-Y', 'tcp && !frame.comment').length, 0, 'every packet says who talks')
  const hosts = tshark(file, ['ip.src_host', 'ip.dst_host', 'ipv6.dst_host'], '-N', 'n', '-Y', 'tcp.dstport == 8080 && !(frame.interface_name contains "/lo")')
  assert.deepEqual(onlyOne(hosts).toSorted(), [`${web.name} | ${cart.name} | `, ` |  | ${cart.name}`].toSorted())
})

test('a process with nothing in its root folder and no right at all, as in a distroless container', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT) || !need(t, 'peers', hasTshark, 'tshark')) return
  const { web, cart, ip } = await joinedShop(t)
  const bare = await bareServer(t, cart)
  assert.deepEqual(readdirSync(`/proc/${bare}/root/`), [])
  const file = join(tempFolder(t), 'bare.pcapng')
  const sniff = new SniffProcess(t, ['--pid', `${bare}`, '-w', file, '-c', '4', 'port', '9000'], { POD_NAME: 'not-the-target' })
  await sniff.capturing()
  for (let n = 0; n < 2; n++) web.run('bash', '-c', `exec 3<>/dev/tcp/${ip}/9000; echo hello >&3`)
  assert.equal(await sniff.end(), 0, sniff.stderr)
  const rows = tshark(file, ['frame.interface_name', 'frame.comment'], '-n')
  assert.equal(rows.length, 4)
  for (const [name, comment] of rows) {
    assert.match(name!, new RegExp(`-${bare}/veth0$`))
    assert.match(comment!, /bare\.shop/)
  }
})

/** A server that has gone into an empty folder for good and become nobody. Its pid. */
async function bareServer(t: TestContext, cart: TestNamespace): Promise<number> {
  const script = `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, sockaddr_in(9000, INADDR_ANY));
    chroot($ARGV[0]) or die; chdir('/'); $( = 65534; $) = '65534 65534'; $< = 65534; $> = 65534; listen(S, 9); while (accept(C, S)) { close(C) }`
  const child = await serveIn(t, cart, 9000, ['perl', '-e', script, tempFolder(t)], { POD_NAME: 'bare', POD_NAMESPACE: 'shop' })
  return child.pid!
}

test('--keylog: the secrets are in the capture, before the records that they open', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT) || !need(t, 'peers', hasTshark, 'tshark')) return
  const { web, cart, ip } = joinedPair(t)
  const folder = tempFolder(t)
  const [key, cert, keyLog, file] = ['key.pem', 'cert.pem', 'secrets', 'shop.pcapng'].map((name) => join(folder, name))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=cart', '-keyout', key!, '-out', cert!], { stdio: 'ignore' })
  await serveIn(t, cart, 8443, ['openssl', 's_server', '-accept', '8443', '-cert', cert!, '-key', key!, '-www'])
  const sniff = new SniffProcess(t, ['--netns', web.name, '--keylog', keyLog!, '-w', file!])
  await sniff.capturing()
  for (const version of ['--tls-max=1.2', '--tls13-ciphers=TLS_AES_128_GCM_SHA256']) {
    web.run('env', `SSLKEYLOGFILE=${keyLog}`, 'curl', '-sk', '--http1.1', '--max-time', '10', '-o', '/dev/null', ...version.split('='), `https://${ip}:8443/shown`)
  }
  assert.equal(await sniff.interrupt(), 0, sniff.stderr)
  const rows = tshark(file!, ['http.request.uri', 'tls.record.version'], '-n', '-Y', 'http.request')
  assert.deepEqual(rows.map(([uri]) => uri), ['/shown', '/shown'], 'one pass over the file decrypts both')
  assert.match(sniff.stderr, /will hold secrets/)
  assert.match(sniff.stderr, /\d+ secrets written/)
  const secrets = readFileSync(keyLog!, 'utf8').split('\n').map((line) => line.split(' ')[2]).filter((word) => word !== undefined)
  for (const secret of secrets) assert.ok(!sniff.stderr.includes(secret))
})

test('--wireshark feeds a Wireshark and ends with it; without one it says how to get it', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT) || !need(t, 'peers', hasTshark, 'tshark')) return
  const { web, cart, ip } = await joinedShop(t)
  const folder = tempFolder(t)
  // In a user namespace of one user there is nobody else to be.
  const uid = /4294967295/.test(readFileSync('/proc/self/uid_map', 'latin1')) ? NOBODY : 0
  // The capture engine of Wireshark, started as Wireshark starts it, with a window's worth of patience.
  writeFileSync(join(folder, 'wireshark'), `#!/bin/sh\n[ "$*" = "-k -i -" ] || exit 3\n[ "$(id -u)" = ${uid} ] || exit 4\nexec tshark -n -l -i - -Y http.request -T fields -e frame.comment -c 4 > ${folder}/shown\n`)
  // As under sudo: it must not run as root.
  writeFileSync(join(folder, 'shown'), '')
  chmodSync(join(folder, 'shown'), 0o666)
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'wireshark'), 0o755)
  const sniff = new SniffProcess(t, ['--netns', web.name, '--wireshark', 'port 8080'], { PATH: `${folder}:${process.env.PATH}`, ...(uid === NOBODY && { SUDO_UID: `${NOBODY}`, SUDO_GID: `${NOBODY}` }) })
  await sniff.capturing()
  call(web, `http://${ip}:8080/wire`)
  assert.equal(await sniff.end(), 0, sniff.stderr)
  assert.ok(existsSync(join(folder, 'shown')))
  assert.equal(readFileSync(join(folder, 'shown'), 'utf8').trim(), `${web.name} → ${cart.name}:8080 (node)`, sniff.stderr)

  const none = new SniffProcess(t, ['--netns', web.name, '--wireshark'], { PATH: '/nowhere' })
  assert.equal(await none.end(), 3)
  assert.match(none.stderr, /wireshark is not installed\nmtlscope: hint: install it: /)
})

test('a pipe is fed as it captures', { timeout: 90_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT) || !need(t, 'peers', hasTshark, 'tshark')) return
  const { web, ip } = await joinedShop(t)
  // The shell says which process is the one to end.
  const script = '{ echo "pid $BASHPID" >&2; exec "$@"; } | tshark -n -l -r - -Y http.request -T fields -e frame.comment; exit ${PIPESTATUS[0]}'
  const pipe = spawn('bash', ['-c', script, 'bash', process.execPath, MAIN, 'sniff', '--netns', web.name, 'port', '8080'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(pipe, 'close')
  t.after(() => endChild(pipe))
  let [shown, said] = ['', '']
  pipe.stdout.on('data', (text) => { shown += text })
  pipe.stderr.on('data', (text) => { said += text })
  await until('capturing', () => said.includes('capturing'))
  const pid = Number(/^pid (\d+)$/m.exec(said)![1])
  t.after(() => { if (pipe.exitCode === null) process.kill(pid, 'SIGKILL') })
  call(web, `http://${ip}:8080/wire`)
  await until('the comment', () => shown.includes(':8080 (node)'))
  assert.equal(pipe.exitCode, null, said)
  process.kill(pid, 'SIGINT')
  assert.deepEqual((await ended)[0], 0, said)
})

test('what cannot be done is said', { timeout: 120_000 }, async (t) => {
  if (!need(t, 'netns', netns, RIGHT)) return
  const folder = tempFolder(t)
  for (const [args, code, words] of [
    [['-w', join(folder, 'x')], 2, /nothing to sniff/],
    [['--netns', 'no-such-namespace', '-w', join(folder, 'x')], 2, /no network namespace named/],
    [['-i', 'lo', '-w', join(folder, 'x'), 'tcp port 80'], 2, /the filter says tcp, which is not understood/],
    [['-i', 'lo', '--wireshark', '-w', join(folder, 'x')], 2, /both want the packets/],
    [['-i', 'lo', '-w', join(folder, 'x'), '--keylog', folder], 1, /cannot read the key log/],
  ] as const) {
    const sniff = new SniffProcess(t, args)
    assert.equal(await sniff.end(), code, sniff.stderr)
    assert.match(sniff.stderr, words)
  }
})
