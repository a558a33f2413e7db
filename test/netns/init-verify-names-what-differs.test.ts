import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureNetns } from './enter.ts'
import { init, needTools } from './init-lab.ts'
import { addNamespace } from './namespace.ts'

const permitted = ensureNetns()

test('each way of changing the rules is found and named, and setting them again mends it', async (t) => {
  if (!needTools(t, permitted)) return
  const { name, run } = addNamespace(t, 'verify')
  const place = ['--netns', name, '--backend', 'iptables-nft']
  const set = async (): Promise<void> => assert.equal((await init(place)).code, 0)
  const changes: readonly [change: () => void, said: RegExp][] = [
    [() => run('iptables-nft', '-t', 'nat', '-D', 'MTLSCOPE_OUTBOUND', '1'), /iptables table nat, chain MTLSCOPE_OUTBOUND: rule 1 should be "-o lo -j RETURN", and is "-m owner --uid-owner 1337 -j RETURN"/],
    [() => run('ip6tables-nft', '-t', 'nat', '-I', 'MTLSCOPE_OUTBOUND', '2', '-d', 'fd00::/8', '-j', 'RETURN'), /ip6tables table nat, chain MTLSCOPE_OUTBOUND: rule 2 should be "-m owner --uid-owner 1337 -j RETURN"/],
    [() => run('iptables-nft', '-t', 'nat', '-I', 'OUTPUT', '1', '-d', '10.0.0.0/8', '-j', 'ACCEPT'), /chain OUTPUT: a rule of somebody else stands before ours \(-A OUTPUT -d 10\.0\.0\.0\/8 -j ACCEPT\)/],
    [() => run('iptables-nft', '-t', 'nat', '-D', 'PREROUTING', '1'), /chain PREROUTING: rule 1 should be "-p tcp -j MTLSCOPE_INBOUND", and is nothing/],
    [() => run('iptables-nft', '-t', 'filter', '-A', 'MTLSCOPE_ONLY_IN', '-j', 'DROP'), /chain MTLSCOPE_ONLY_IN: rule 6 is not planned: "-j DROP"/],
    [() => run('iptables-nft', '-t', 'nat', '-N', 'MTLSCOPE_OTHER'), /chain MTLSCOPE_OTHER is there, and not planned/],
    [() => run('ip', 'rule', 'add', 'fwmark', '7', 'lookup', '133', 'priority', '15006'), /ip -4 rule fwmark 7 lookup 133 priority 15006 is there, and not planned/],
  ]
  await set()
  for (const [change, said] of changes) {
    change()
    const { code, stdout, stderr } = await init([...place, '--verify'])
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(stdout, said)
    await set()
    assert.match((await init([...place, '--verify'])).stdout, /every rule of mtlscope is in its place \(iptables-nft\)/)
  }
})

test('with nft, too, as JSON', async (t) => {
  if (!needTools(t, permitted)) return
  const { name, run } = addNamespace(t, 'verify')
  assert.equal((await init(['--netns', name, '--backend', 'nft'])).code, 0)
  run('nft', 'insert', 'rule', 'inet', 'mtlscope-nat', 'MTLSCOPE_OUTBOUND', 'tcp', 'dport', '25', 'return')
  const { code, stdout } = await init(['--netns', name, '--verify', '--output', 'json'])
  assert.equal(code, 1)
  const { differences, backend } = JSON.parse(stdout) as { differences: string[], backend: string }
  assert.equal(backend, 'nft')
  assert.match(differences[0]!, /nft table inet mtlscope-nat, chain MTLSCOPE_OUTBOUND: rule 1 should be "-o lo -j RETURN", and is ".*dport 25.*return"/)
})
