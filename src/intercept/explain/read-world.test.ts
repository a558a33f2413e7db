import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressText } from '../netfilter/address-range.ts'
import { findRoute } from '../netfilter/world.ts'
import { parseAddress } from '../../net/address.ts'
import { parseInterfaces, parseListeners, parsePolicies, parseRoutes } from './read-world.ts'

test('what ss says of listeners', () => {
  const text = [
    'udp UNCONN 0      0              *:53          *:* users:(("dns",pid=12,fd=24)) ino:16 sk:1171 cgroup:/ v6only:0 <-> inet-sockopt: ( mc_loop)',
    'tcp LISTEN 0      511    127.0.0.1:15001 0.0.0.0:* users:(("my envoy",pid=8,fd=2)) uid:1337 ino:16 sk:1172 <-> inet-sockopt: ( is_icsk transparent mc_loop)',
    'tcp LISTEN 0      511    [::1]:9   [::]:*', 'Failed to find cgroup2 mount', '',
  ].join('\n')
  assert.deepEqual(parseListeners(text).map(({ protocol, address, port, uid, pid, program, transparent }) => [protocol, addressText(address), port, uid, pid, program, transparent]), [
    ['udp', '::', 53, 0, 12, 'dns', false], ['tcp', '127.0.0.1', 15001, 1337, 8, 'my envoy', true], ['tcp', '::1', 9, 0, undefined, undefined, undefined],
  ])
})

test('addresses, routes and ip rules decide the way', () => {
  const interfaces = parseInterfaces('[{"ifname":"eth0","addr_info":[{"local":"10.0.0.2","prefixlen":24}]}]')
  const routes = parseRoutes('[{"dst":"default","dev":"eth0"},{"type":"local","dst":"default","dev":"lo","table":"133"},{"dst":"10.1.0.0/16","dev":"eth1","prefsrc":"10.0.0.2"},{"type":"broadcast","dst":"10.0.0.255"}]', 4)
  const policies = parsePolicies('[{"priority":0,"src":"all","table":"local"},{"priority":5,"src":"all","fwmark":"0x539","fwmask":"0xfff","table":"133"},{"priority":9,"src":"10.9.0.0","table":"7"},{"priority":32766,"src":"all","table":"main"}]', 4)
  const world = { interfaces, routes, policies, listeners: [], routeLocalnet: [], forwards: false }
  const way = (to: string, mark = 0): string => {
    const found = findRoute(world, parseAddress(to)!, mark)
    return found.kind === 'out' ? found.interface : found.kind
  }
  assert.deepEqual([way('10.0.0.2'), way('127.3.3.3'), way('8.8.8.8'), way('10.1.2.3'), way('8.8.8.8', 0xa539), way('8.8.8.8', 0x538), way('fd00::1')], ['local', 'local', 'eth0', 'eth1', 'local', 'eth0', 'none'])
  assert.equal(policies.find(({ priority }) => priority === 9)!.other, 'source')
  assert.deepEqual(parseRoutes('nonsense', 4), [])
})
