import { execFileSync } from 'node:child_process'
import type { TestContext } from 'node:test'

let made = 0

/** A network namespace for one test, removed after it. */
export interface TestNamespace {
  name: string
  path: string
  /** Runs a program inside to its end; its standard output. Throws where it fails. */
  run(program: string, ...args: string[]): string
}

/** With its loopback interface up. */
export function addNamespace(t: TestContext, label: string): TestNamespace {
  const name = `mtlt-${process.pid}-${made++}-${label}`
  execFileSync('ip', ['netns', 'add', name])
  t.after(() => execFileSync('ip', ['netns', 'del', name]))
  const run = (program: string, ...args: string[]): string =>
    execFileSync('ip', ['netns', 'exec', name, program, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  run('ip', 'link', 'set', 'lo', 'up')
  return { name, path: `/run/netns/${name}`, run }
}

/** Joins two namespaces by a veth pair named `veth0` at both ends: 10.99.0.1 and 10.99.0.2, fd99::1 and fd99::2. Ready at once. */
export function joinNamespaces(a: TestNamespace, b: TestNamespace): void {
  execFileSync('ip', ['-n', a.name, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth0', 'netns', b.name])
  for (const [namespace, host] of [[a, 1], [b, 2]] as const) {
    // A link-local address would be tentative for a second.
    namespace.run('ip', 'link', 'set', 'veth0', 'addrgenmode', 'none', 'address', `02:00:00:00:00:0${host}`)
    namespace.run('ip', 'addr', 'add', `10.99.0.${host}/24`, 'dev', 'veth0')
    namespace.run('ip', '-6', 'addr', 'add', `fd99::${host}/64`, 'dev', 'veth0', 'nodad')
    namespace.run('ip', 'link', 'set', 'veth0', 'up')
    // The first question for an IPv6 neighbour is often lost while the link comes up, and the next one comes a second later.
    namespace.run('ip', '-6', 'neigh', 'add', `fd99::${3 - host}`, 'lladdr', `02:00:00:00:00:0${3 - host}`, 'dev', 'veth0')
  }
  for (const namespace of [a, b]) waitUntilUp(namespace.name, 'veth0')
}

/** Before the kernel has noticed that the other end is up it throws away what is sent. */
export function waitUntilUp(namespace: string, device: string): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let n = 0; n < 3000; n++) {
    if (/\sUP\s/.test(execFileSync('ip', ['-n', namespace, '-br', 'link', 'show', device], { encoding: 'utf8' }))) return
    Atomics.wait(sleeper, 0, 0, 10)
  }
  throw new Error(`${device} of ${namespace} does not come up`)
}
