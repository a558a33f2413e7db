import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { everythingIn, init, needTools } from './init-lab.ts'
import { addNamespace } from './namespace.ts'
import { endChild } from './peers.ts'

const permitted = ensureNetns()

test('what is refused is told with the reason, and changes nothing', async (t) => {
  if (!needTools(t, permitted)) return
  const { name } = addNamespace(t, 'refuse')
  const before = everythingIn(name)
  const cases: readonly [args: string, code: number, said: RegExp][] = [
    ['-u 0', 1, /the proxy may not run as root/],
    ['-p 70000', 2, /-p: no such port: 70000/],
    ['-z 0', 2, /-z: no such port: 0/],
    ['-d 80,90-70', 2, /-d: no such port: 90-70/],
    ['-d http', 2, /-d: not a port: http/],
    ['-x *', 2, /-x: \* is not allowed here/],
    ['-d *', 2, /-d: \* is not allowed here/],
    ['-i 10.0.0.0/33', 2, /-i: not a network: 10\.0\.0\.0\/33/],
    ['-m NONE', 2, /-m: unknown mode NONE/],
    ['--print --clean', 2, /only one of --print and --clean/],
    ['--preset linkerd -u 99999999999', 2, /-u: not a number/],
    ['--preset linkerd -u nobody-of-that-name', 2, /\/etc\/passwd has no nobody-of-that-name/],
    ['-c eth0/1', 2, /-c: not the name of an interface: eth0\/1/],
  ]
  for (const [args, code, said] of cases) {
    const result = await init(['--netns', name, ...args.split(' ')])
    assert.match(result.stderr, said, args)
    assert.equal(result.code, code, args)
    assert.equal(result.stdout, '')
  }
  assert.equal(everythingIn(name), before)
})

test('an app under the proxy\'s user, rules of another mesh, two backends', async (t) => {
  if (!needTools(t, permitted)) return
  const { name, run } = addNamespace(t, 'refuse')
  const app = spawn('ip', ['netns', 'exec', name, 'setpriv', '--reuid', '1337', '--regid', '1337', '--clear-groups', 'sleep', '600'], { stdio: 'ignore' })
  t.after(() => endChild(app))
  const refused = async (args: readonly string[], said: RegExp): Promise<void> => {
    const { code, stderr } = await init(['--netns', name, ...args])
    assert.match(stderr, said)
    assert.equal(code, 1)
  }
  // It is setpriv until it has become sleep.
  await until(() => readFileSync(`/proc/${app.pid}/comm`, 'utf8') === 'sleep\n')
  await refused([], /sleep \(pid \d+\) runs under uid 1337, which is the proxy's/)
  assert.equal((await init(['--netns', name, '-u', '1400'])).code, 0)
  await refused(['--preset', 'linkerd'], /rules of mtlscope are there already/)
  run('iptables-legacy', '-A', 'INPUT', '-p', 'tcp', '--dport', '1', '-j', 'DROP')
  await refused(['-u', '1401'], /rules in iptables-legacy and in nf_tables at once/)
})

test('the host\'s own namespace is left alone', async (t) => {
  if (!needTools(t, permitted)) return
  // Settings that only that one has. As an ordinary user the tests have one of their own.
  if (!need(t, 'host', existsSync('/proc/sys/net/core/netdev_budget'), 'the host\'s own network namespace')) return
  const { code, stderr } = await init([])
  assert.match(stderr, /the host's own network namespace/)
  assert.equal(code, 1)
})

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 3000 && !condition(); n++) await new Promise((resolve) => { setTimeout(resolve, 20) })
  assert.ok(condition())
}
