import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { netnsInode } from '../../src/sys/netns.ts'
import { findProgram, run } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { addNamespace } from './namespace.ts'
import type { TestNamespace } from './namespace.ts'
import { endChild, tempFolder } from './peers.ts'

const permitted = ensureNetns()
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

function ready(t: TestContext): boolean {
  if (!need(t, 'netns', permitted, 'network namespaces')) return false
  return ['nft', 'iptables-nft', 'ss', 'socat'].every((program) => need(t, 'netns', findProgram(program), program))
}

/** A folder with a program that does as the real one does and then `more`, of which `$N` is how often it was called. */
function meddling(t: TestContext, program: string, more: string): string {
  const folder = tempFolder(t)
  const real = findProgram(program)!
  writeFileSync(join(folder, program), `#!/bin/sh\n${real} "$@"\nCODE=$?\necho >> ${folder}/calls\nN=$(wc -l < ${folder}/calls)\n${more}\nexit $CODE\n`)
  chmodSync(join(folder, program), 0o755)
  return folder
}

interface Said { readonly code: number | undefined, readonly stdout: string, readonly stderr: string }

async function explain(folder: string | undefined, ...words: string[]): Promise<Said> {
  const path = folder === undefined ? process.env.PATH : `${folder}:${process.env.PATH}`
  return await run('env', [`PATH=${path}`, process.execPath, MAIN, 'explain', ...words], { timeoutMs: 60_000 })
}

const onlyWarning = ({ stderr }: Said): string => stderr.trimEnd().replace('mtlscope: warning: ', '')

/** The pid of a process in the namespace; `words` is what it is there. */
async function living(t: TestContext, namespace: TestNamespace, ...words: string[]): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', namespace.name, ...words], { stdio: 'ignore' })
  t.after(() => endChild(child))
  for (let n = 0; n < 3000 && netnsInode(`/proc/${child.pid}/ns/net`) !== netnsInode(namespace.path); n++) await sleep(10)
  return `${child.pid}`
}

test('rules that change while they are read: once they are still the answer is the new one, without end it is told', async (t) => {
  if (!ready(t)) return
  const namespace = addNamespace(t, 'rules')
  namespace.run('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth9')
  namespace.run('ip', 'addr', 'add', '10.0.0.2/24', 'dev', 'eth0')
  namespace.run('ip', 'link', 'set', 'eth0', 'up')
  const words = ['--netns', namespace.name, '--packet', 'tcp app -> 10.0.0.3:80']
  const once = await explain(meddling(t, 'iptables-nft-save', '[ $N -eq 1 ] && iptables-nft -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 15001'), ...words)
  assert.deepEqual([once.code, once.stderr], [0, ''])
  assert.match(once.stdout, /arrives at 127\.0\.0\.1:15001/)
  const always = await explain(meddling(t, 'iptables-nft-save', 'iptables-nft -A INPUT -p tcp --dport $((20000 + N)) -j DROP'), ...words)
  assert.equal(onlyWarning(always), 'the rules of the namespace change while they are read: the answer is that of the last reading')
})

test('listeners and addresses that change while they are read are told', async (t) => {
  if (!ready(t)) return
  const namespace = addNamespace(t, 'sockets')
  const always = await explain(meddling(t, 'ss', `timeout 10 socat -u UDP-RECV:$((20000 + N)) /dev/null > /dev/null 2>&1 &\nip addr add 10.9.0.$N/32 dev lo\nfor n in $(seq 500); do ${findProgram('ss')} -Hlun | grep -q ":$((20000 + N)) " && break; sleep 0.01; done`), '--netns', namespace.name)
  assert.match(always.stderr, /the listeners of the namespace change while they are read/)
  assert.match(always.stderr, /the addresses of the namespace change while they are read/)
})

test('a process that ends while its namespace is read: the answer is still of that namespace, and the end is told', async (t) => {
  if (!ready(t)) return
  const namespace = addNamespace(t, 'ends')
  const pid = await living(t, namespace, 'sleep', '600')
  const folder = meddling(t, 'iptables-nft-save', `[ $N -eq 1 ] && kill -9 ${pid} && while kill -0 ${pid} 2> /dev/null; do sleep 0.01; done`)
  const said = await explain(folder, '--pid', pid)
  assert.equal(said.code, 0)
  assert.equal(onlyWarning(said), `pid ${pid} is gone by now: the answer is that of its namespace as it was last`)
})

test('a pid that leads elsewhere afterwards, and a name that was given anew, are told', async (t) => {
  if (!ready(t)) return
  const [namespace, other] = [addNamespace(t, 'moves'), addNamespace(t, 'other')]
  const fifo = join(tempFolder(t), 'fifo')
  execFileSync('mkfifo', [fifo])
  const pid = await living(t, namespace, 'sh', '-c', `read line < ${fifo}; exec nsenter --net=${other.path} sleep 600`)
  const folder = meddling(t, 'iptables-nft-save', `[ $N -eq 1 ] && echo > ${fifo}; n=0; while [ $n -lt 2000 ] && ! [ /proc/${pid}/ns/net -ef ${other.path} ]; do n=$((n + 1)); sleep 0.01; done`)
  const moved = await explain(folder, '--pid', pid)
  assert.equal(onlyWarning(moved), `pid ${pid} is in another namespace by now, or another process has its number: the answer is that of the namespace it was in`)
  const again = await explain(meddling(t, 'iptables-nft-save', `[ $N -eq 1 ] && ip netns del ${namespace.name} && ip netns add ${namespace.name}`), '--netns', namespace.name)
  assert.equal(onlyWarning(again), `${namespace.name} is another namespace by now: the answer is that of the one before`)
})

test('a namespace that is not there, and a process that has ended, are told by name', async (t) => {
  if (!ready(t)) return
  const { pid } = spawn('true')
  await sleep(0)
  const gone = await explain(undefined, '--netns', 'mtlt-nowhere')
  assert.equal(gone.code, 2)
  assert.match(gone.stderr, /^mtlscope: error: there is no network namespace mtlt-nowhere$/m)
  for (let n = 0; n < 500; n++) {
    const said = await explain(undefined, '--pid', `${pid}`)
    if (said.code === 0) continue
    assert.equal(said.code, 2)
    assert.match(said.stderr, new RegExp(`^mtlscope: error: there is no network namespace of pid ${pid}$`, 'm'))
    assert.match(said.stderr, /the process may have ended/)
    break
  }
})
