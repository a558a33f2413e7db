import assert from 'node:assert/strict'
import { test } from 'node:test'
import { port } from './conditions.ts'
import { chain, listing } from './listing.fixture.ts'
import { nftText } from './nft-text.ts'
import { planRules } from './plan-rules.ts'
import { ISTIO_IPTABLES_SETTINGS, istioVersions, PRESET_SETTINGS } from './settings.ts'

const DUAL = { addresses: ['127.0.0.1', '::1', 'fe80::1', '10.0.0.2', 'fd00::2'], isDualStack: true }

test('REDIRECT with everything: the listing of istio-iptables', () => {
  assert.deepEqual(listing('istio', {}, 'nat'), [
    'PREROUTING -p tcp -j ISTIO_INBOUND',
    'OUTPUT -j ISTIO_OUTPUT',
    'ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN',
    'ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001',
    'ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006',
    'ISTIO_INBOUND -p tcp -m tcp --dport 15090 -j RETURN',
    'ISTIO_INBOUND -p tcp -m tcp --dport 15021 -j RETURN',
    'ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN',
    'ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
    'ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN',
    'ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT',
    'ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN',
    'ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN',
    'ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT',
    'ISTIO_OUTPUT -o lo -m owner ! --gid-owner 1337 -j RETURN',
    'ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN',
    'ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN',
    'ISTIO_OUTPUT -j ISTIO_REDIRECT',
  ])
  for (const table of ['raw', 'mangle', 'filter'] as const) assert.deepEqual(listing('istio', {}, table), [])
  assert.deepEqual(listing('istio', {}, 'nat', 6), [])
})

test('with dual stack IPv6 has the same rules with its own loopback', () => {
  const six = chain('istio', DUAL, 'nat', 'ISTIO_OUTPUT', 6)
  assert.equal(six[0], '-s ::6/128 -o lo -j RETURN')
  assert.equal(six[1], '! -d ::1/128 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT')
  assert.deepEqual(six.slice(-2), ['-d ::1/128 -j RETURN', '-j ISTIO_REDIRECT'])
  assert.equal(six.length, chain('istio', DUAL, 'nat', 'ISTIO_OUTPUT').length)
  assert.deepEqual(planRules({ ...PRESET_SETTINGS.istio, ...DUAL }).addresses, [{ version: 6, address: '::6', length: 128 }])
})

test('the first usual address decides on IPv6, unless dual stack is asked for', () => {
  const of = (addresses: string[], isDualStack = false): number[] => istioVersions({ ...PRESET_SETTINGS.istio, addresses, isDualStack })
  assert.deepEqual(of(['127.0.0.1', '::1', '10.0.0.2', 'fd00::2']), [4])
  assert.deepEqual(of(['::1', 'fe80::1', 'fd00::2', '10.0.0.2']), [4, 6])
  assert.deepEqual(of(['10.0.0.2', 'fd00::2'], true), [4, 6])
  assert.deepEqual(of(['10.0.0.2', 'fe80::2'], true), [4])
})

test('without flags istio-iptables intercepts nothing', () => {
  const nat = listing('istio', ISTIO_IPTABLES_SETTINGS, 'nat')
  assert.ok(!nat.some((line) => line.startsWith('PREROUTING')))
  assert.ok(!nat.includes('ISTIO_OUTPUT -j ISTIO_REDIRECT'))
  assert.deepEqual(planRules(ISTIO_IPTABLES_SETTINGS).proxy, { uids: [1337], gids: [1337], outboundPort: undefined, inboundPort: undefined, isTransparent: false })
})

test('lists of ports and networks, exclusions, interfaces', () => {
  const change = {
    inboundPorts: [port(80), port(443)], outboundNetworks: ['10.0.0.0/8', 'fd00::/8'], excludeOutboundNetworks: ['10.1.0.0/16'], outboundPorts: [port(3306)],
    excludeOutboundPorts: [port(22)], excludeInterfaces: ['net1', 'net2'], excludeInboundPorts: [port(1)],
  }
  assert.deepEqual(chain('istio', change, 'nat', 'PREROUTING'), ['-i net1 -j RETURN', '-i net2 -j RETURN', '-p tcp -j ISTIO_INBOUND'])
  assert.deepEqual(chain('istio', change, 'nat', 'OUTPUT'), ['-o net1 -j RETURN', '-o net2 -j RETURN', '-j ISTIO_OUTPUT'])
  assert.deepEqual(chain('istio', change, 'nat', 'ISTIO_INBOUND'), ['-p tcp -m tcp --dport 15008 -j RETURN', '-p tcp -m tcp --dport 80 -j ISTIO_IN_REDIRECT', '-p tcp -m tcp --dport 443 -j ISTIO_IN_REDIRECT'])
  const out = chain('istio', change, 'nat', 'ISTIO_OUTPUT')
  assert.deepEqual(out.slice(0, 3), ['-p tcp -m tcp --dport 22 -j RETURN', '-p udp -m udp --dport 22 -j RETURN', '-s 127.0.0.6/32 -o lo -j RETURN'])
  assert.deepEqual(out.slice(-4), ['-d 127.0.0.1/32 -j RETURN', '-d 10.1.0.0/16 -j RETURN', '-p tcp -m tcp --dport 3306 -j ISTIO_REDIRECT', '-d 10.0.0.0/8 -j ISTIO_REDIRECT'])
})

test('interfaces of virtual machines: the last one stands first, before everything else', () => {
  assert.deepEqual(chain('istio', { virtualInterfaces: ['eth1', 'eth2'], excludeInterfaces: ['net1'] }, 'nat', 'PREROUTING'), [
    '-i eth2 -j ISTIO_REDIRECT', '-i eth1 -j ISTIO_REDIRECT', '-i eth2 -j RETURN', '-i eth1 -j RETURN', '-i net1 -j RETURN', '-p tcp -j ISTIO_INBOUND',
  ])
  assert.equal(chain('istio', { virtualInterfaces: ['eth1'], outboundNetworks: ['10.0.0.0/8'] }, 'nat', 'PREROUTING')[0], '-d 10.0.0.0/8 -i eth1 -j ISTIO_REDIRECT')
})

test('several users, groups to capture and to leave out', () => {
  const out = chain('istio', { uids: [1, 2], gids: [], ownerGroups: [100, 101], excludeOwnerGroups: [7] }, 'nat', 'ISTIO_OUTPUT')
  assert.deepEqual(out.slice(1, 9), [
    '! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1 -j ISTIO_IN_REDIRECT', '-o lo -m owner ! --uid-owner 1 -j RETURN', '-m owner --uid-owner 1 -j RETURN',
    '! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 2 -j ISTIO_IN_REDIRECT', '-o lo -m owner ! --uid-owner 2 -j RETURN', '-m owner --uid-owner 2 -j RETURN',
    '-m owner --gid-owner 7 -j RETURN', '-m owner ! --gid-owner 100 -m owner ! --gid-owner 101 -j RETURN',
  ])
})

test('loopback among the destinations, or a wider one of its own', () => {
  assert.ok(!chain('istio', { outboundNetworks: ['127.0.0.0/8'] }, 'nat', 'ISTIO_OUTPUT').some((line) => line.includes('-o lo -m owner !')))
  assert.ok(chain('istio', { loopbackNetwork: '127.0.0.0/8' }, 'nat', 'ISTIO_OUTPUT').includes('-d 127.0.0.0/8 -j RETURN'))
})

test('DNS: to the agent, and in zones of its own', () => {
  const change = { dns: 'resolvers' as const, resolvers: ['10.96.0.10'] }
  const out = chain('istio', change, 'nat', 'ISTIO_OUTPUT')
  assert.deepEqual(out.slice(1, 3), ['! -d 127.0.0.1/32 -o lo -p tcp -m multiport ! --dports 53,15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT', '-o lo -p tcp -m tcp ! --dport 53 -m owner ! --uid-owner 1337 -j RETURN'])
  assert.equal(out[4], '! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT')
  assert.deepEqual(out.slice(-3), ['-j ISTIO_OUTPUT_DNS', '-d 127.0.0.1/32 -j RETURN', '-j ISTIO_REDIRECT'])
  assert.deepEqual(chain('istio', change, 'nat', 'ISTIO_OUTPUT_DNS'), ['-d 10.96.0.10/32 -p tcp -m tcp --dport 53 -j REDIRECT --to-ports 15053', '-d 10.96.0.10/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports 15053'])
  assert.deepEqual(listing('istio', { dns: 'all' }, 'raw'), [
    'OUTPUT -j ISTIO_OUTPUT_DNS', 'PREROUTING -j ISTIO_INBOUND',
    'ISTIO_OUTPUT_DNS -p udp -m udp --dport 53 -m owner --uid-owner 1337 -j CT --zone 1', 'ISTIO_OUTPUT_DNS -p udp -m udp --sport 15053 -m owner --uid-owner 1337 -j CT --zone 2',
    'ISTIO_OUTPUT_DNS -p udp -m udp --dport 53 -m owner --gid-owner 1337 -j CT --zone 1', 'ISTIO_OUTPUT_DNS -p udp -m udp --sport 15053 -m owner --gid-owner 1337 -j CT --zone 2',
    'ISTIO_OUTPUT_DNS -p udp -m udp --dport 53 -j CT --zone 2', 'ISTIO_INBOUND -p udp -m udp --sport 53 -j CT --zone 1',
  ])
})

test('TPROXY: inbound in mangle, with marks and a route; outbound as ever', () => {
  const change = { mode: 'TPROXY' as const, excludeInboundPorts: [port(15090)] }
  assert.deepEqual(listing('istio', change, 'mangle'), [
    'PREROUTING -p tcp -j ISTIO_INBOUND',
    'PREROUTING -p tcp -m mark --mark 0x539 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    'OUTPUT -o lo -p tcp -m mark --mark 0x539 -j RETURN',
    'OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 1337 -j MARK --set-xmark 0x53a/0xffffffff',
    'OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --gid-owner 1337 -j MARK --set-xmark 0x53a/0xffffffff',
    'OUTPUT -p tcp -m connmark --mark 0x539 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    'ISTIO_INBOUND -p tcp -m mark --mark 0x539 -j RETURN',
    'ISTIO_INBOUND -s 127.0.0.6/32 -i lo -p tcp -j RETURN',
    'ISTIO_INBOUND -i lo -p tcp -m mark ! --mark 0x53a -j RETURN',
    'ISTIO_INBOUND -p tcp -m tcp --dport 15090 -j RETURN',
    'ISTIO_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT',
    'ISTIO_INBOUND -p tcp -j ISTIO_TPROXY',
    'ISTIO_DIVERT -j MARK --set-xmark 0x539/0xffffffff',
    'ISTIO_DIVERT -j ACCEPT',
    'ISTIO_TPROXY ! -d 127.0.0.1/32 -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff',
  ])
  assert.ok(!listing('istio', change, 'nat').some((line) => line.startsWith('PREROUTING')))
  const list = chain('istio', { ...change, inboundPorts: [port(80)] }, 'mangle', 'ISTIO_INBOUND')
  assert.deepEqual(list.slice(-2), ['-p tcp -m tcp --dport 80 -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT', '-p tcp -m tcp --dport 80 -j ISTIO_TPROXY'])
  assert.deepEqual(planRules({ ...PRESET_SETTINGS.istio, ...change }).routes, [{ version: 4, mark: 1337, table: 133, priority: 15_006 }])
  assert.deepEqual(planRules({ ...PRESET_SETTINGS.istio, ...change, inboundPorts: [] }).routes, [])
})

test('invalid packets are dropped where that is asked for', () => {
  assert.deepEqual(listing('istio', { dropInvalid: true }, 'mangle'), ['PREROUTING -m conntrack --ctstate INVALID -j ISTIO_DROP', 'ISTIO_DROP -j DROP'])
})

test('native nft: a table each, with Istio\'s names, a counter on every rule', () => {
  const text = nftText(planRules({ ...PRESET_SETTINGS.istio, mode: 'TPROXY', ipv6: 'capture', dns: 'all', dropInvalid: true }))
  assert.deepEqual([...text.matchAll(/^table inet (\S+)/gm)].map(([, name]) => name), ['istio-proxy-raw', 'istio-proxy-mangle', 'istio-proxy-nat'])
  const rules = text.split('\n').filter((line) => line.startsWith('    ') && !line.includes('hook '))
  assert.ok(rules.length > 30)
  assert.deepEqual(rules.filter((line) => !line.includes(' counter ')), [])
  assert.match(text, /type route hook output priority -150/)
  assert.match(text, /ip daddr != 127\.0\.0\.1 oifname "lo" tcp dport != \{ 53, 15008 \} meta skuid 1337 counter jump istio-in-redirect/)
  assert.match(text, /counter meta mark set 0x539 tproxy ip to :15006 accept\n.*counter drop\n/, 'where nobody listens nft goes on, and is stopped')
})
