import assert from 'node:assert/strict'
import { test } from 'node:test'
import { port } from './conditions.ts'
import { chain, listing } from './listing.fixture.ts'
import { nftText } from './nft-text.ts'
import { planRules } from './plan-rules.ts'
import { mergedRanges, portGroups } from './port-groups.ts'
import { PRESET_SETTINGS } from './settings.ts'

test('linkerd: the listing of proxy-init', () => {
  assert.deepEqual(listing('linkerd', {}, 'nat'), [
    'PREROUTING -j PROXY_INIT_REDIRECT', 'OUTPUT -j PROXY_INIT_OUTPUT',
    'PROXY_INIT_REDIRECT -p tcp -m multiport --dports 4190,4191,4567,4568 -j RETURN',
    'PROXY_INIT_REDIRECT -p tcp -j REDIRECT --to-ports 4143',
    'PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -j RETURN', 'PROXY_INIT_OUTPUT -o lo -j RETURN',
    'PROXY_INIT_OUTPUT -p tcp -m multiport --dports 4567,4568 -j RETURN', 'PROXY_INIT_OUTPUT -p tcp -j REDIRECT --to-ports 4140',
  ])
  const change = { excludeSources: ['10.0.0.0/8', 'fd00::/8'], inboundPorts: [port(80)], gids: [5], ipv6: 'capture' as const }
  assert.deepEqual(chain('linkerd', change, 'nat', 'PROXY_INIT_REDIRECT').slice(1), ['-s 10.0.0.0/8 -j RETURN', '-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 4143'])
  assert.deepEqual(chain('linkerd', change, 'nat', 'PROXY_INIT_REDIRECT', 6).slice(1, 2), ['-s fd00::/8 -j RETURN'], 'each family has its own networks only')
  assert.equal(chain('linkerd', change, 'nat', 'PROXY_INIT_OUTPUT')[1], '-m owner --gid-owner 5 -j RETURN')
})

test('more ports than one multiport match takes are several rules', () => {
  const ports = [{ from: 1, to: 9 }, ...Array.from({ length: 14 }, (_, i) => port(100 + i))]
  assert.deepEqual(portGroups(ports).map((group) => group.length), [14, 1])
  assert.deepEqual(portGroups([]), [])
  assert.deepEqual(mergedRanges([{ from: 7, to: 9 }, port(80), { from: 1, to: 3 }, port(4), { from: 2, to: 3 }, { from: 8, to: 8 }]), [{ from: 1, to: 4 }, { from: 7, to: 9 }, port(80)])
})

test('osm: the listing of its init container', () => {
  assert.deepEqual(listing('osm', { excludeInboundPorts: [port(7), port(8)], excludeOutboundPorts: [port(9), port(10)], excludeOutboundNetworks: ['10.1.0.0/16'], podIp: '10.0.0.2' }, 'nat'), [
    'PREROUTING -p tcp -j OSM_PROXY_INBOUND',
    'OUTPUT -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 1500 -j DNAT --to-destination 10.0.0.2', 'OUTPUT -p tcp -j OSM_PROXY_OUTBOUND',
    'OSM_PROXY_INBOUND -p tcp -m multiport --dports 7,8 -j RETURN',
    ...[15010, 15901, 15902, 15903, 15904].map((number) => `OSM_PROXY_INBOUND -p tcp -m tcp --dport ${number} -j RETURN`),
    'OSM_PROXY_INBOUND -p tcp -j OSM_PROXY_IN_REDIRECT', 'OSM_PROXY_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15003',
    'OSM_PROXY_OUTBOUND ! -d 127.0.0.1/32 -o lo -m owner --uid-owner 1500 -j OSM_PROXY_IN_REDIRECT', 'OSM_PROXY_OUTBOUND -o lo -m owner ! --uid-owner 1500 -j RETURN',
    'OSM_PROXY_OUTBOUND -m owner --uid-owner 1500 -j RETURN', 'OSM_PROXY_OUTBOUND -d 127.0.0.1/32 -j RETURN',
    'OSM_PROXY_OUTBOUND -d 10.1.0.0/16 -j RETURN', 'OSM_PROXY_OUTBOUND -p tcp -m multiport --dports 9,10 -j RETURN', 'OSM_PROXY_OUTBOUND -j OSM_PROXY_OUT_REDIRECT',
    'OSM_PROXY_OUT_REDIRECT -p tcp -j REDIRECT --to-ports 15001', 'OSM_PROXY_OUT_REDIRECT -p tcp -m tcp --dport 15000 -j ACCEPT',
  ])
  assert.deepEqual(chain('osm', { outboundNetworks: ['10.0.0.0/8'] }, 'nat', 'OSM_PROXY_OUTBOUND').slice(-2), ['-d 10.0.0.0/8 -j OSM_PROXY_OUT_REDIRECT', '-j RETURN'])
})

test('contrast: the listing of its sidecar', () => {
  assert.deepEqual(listing('contrast', { ingress: [{ port: 7890, isPlain: true }, { port: 8080, isPlain: false }] }, 'mangle'), [
    'PREROUTING -p tcp -j CONTRAST_INBOUND',
    'CONTRAST_INBOUND -i lo -p tcp -j RETURN', 'CONTRAST_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN', 'CONTRAST_INBOUND -p tcp -j CONTRAST_IN_REDIRECT',
    'CONTRAST_IN_REDIRECT -p tcp -m tcp --dport 7890 -j RETURN',
    'CONTRAST_IN_REDIRECT -p tcp -m tcp --dport 8080 -j TPROXY --on-port 15007 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0',
    'CONTRAST_IN_REDIRECT -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0',
  ])
  for (const table of ['raw', 'nat', 'filter'] as const) assert.deepEqual(listing('contrast', {}, table), [])
})

test('mtlscope: nat leads to the proxy, filter stops the rest', () => {
  assert.deepEqual(listing('mtlscope', {}, 'nat', 6), [
    'PREROUTING -p tcp -j MTLSCOPE_INBOUND', 'OUTPUT -p tcp -j MTLSCOPE_OUTBOUND',
    'MTLSCOPE_INBOUND -p tcp -j REDIRECT --to-ports 15006',
    'MTLSCOPE_OUTBOUND -o lo -j RETURN', 'MTLSCOPE_OUTBOUND -m owner --uid-owner 1337 -j RETURN', 'MTLSCOPE_OUTBOUND -p tcp -j REDIRECT --to-ports 15001',
  ])
  assert.deepEqual(listing('mtlscope', {}, 'filter', 6), [
    'INPUT -j MTLSCOPE_ONLY_IN', 'OUTPUT -j MTLSCOPE_ONLY_OUT',
    'MTLSCOPE_ONLY_IN -i lo -j RETURN', 'MTLSCOPE_ONLY_IN -p ipv6-icmp -j RETURN', 'MTLSCOPE_ONLY_IN -p tcp -m tcp --dport 15006 -j RETURN',
    'MTLSCOPE_ONLY_IN -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN', 'MTLSCOPE_ONLY_IN -j DROP',
    'MTLSCOPE_ONLY_OUT -o lo -j RETURN', 'MTLSCOPE_ONLY_OUT -d ::1/128 -j RETURN', 'MTLSCOPE_ONLY_OUT -m owner --uid-owner 1337 -j RETURN',
    'MTLSCOPE_ONLY_OUT -p tcp -m tcp --sport 15006 -m conntrack --ctstate ESTABLISHED -j RETURN', 'MTLSCOPE_ONLY_OUT -p ipv6-icmp -j RETURN', 'MTLSCOPE_ONLY_OUT -p udp -m udp --dport 53 -j RETURN',
    'MTLSCOPE_ONLY_OUT -p tcp -m owner --socket-exists -j REJECT --reject-with tcp-reset', 'MTLSCOPE_ONLY_OUT -m owner --socket-exists -j REJECT --reject-with icmp6-port-unreachable',
  ])
  assert.deepEqual(planRules(PRESET_SETTINGS.mtlscope).exemptions, ['the proxy: uid 1337', 'loopback and ICMP', 'outbound UDP to port 53'])
})

test('mtlscope: every exemption is told', () => {
  const { exemptions } = planRules({
    ...PRESET_SETTINGS.mtlscope, gids: [9], udpPorts: [], excludeInboundPorts: [port(9090)], outboundNetworks: ['10.0.0.0/8'], excludeOutboundNetworks: ['10.1.0.0/16'],
    excludeOutboundPorts: [port(22)], excludeInterfaces: ['net1'], inboundPorts: [port(80)], ipv6: 'open',
  })
  assert.deepEqual(exemptions, [
    'the proxy: uid 1337, or gid 9', 'loopback and ICMP', 'inbound ports 9090', 'all inbound TCP ports but 80', 'outbound TCP to all but 10.0.0.0/8', 'destinations 10.1.0.0/16',
    'outbound ports 22', 'interfaces net1', 'IPv6',
  ])
})

test('IPv6 can be dropped with any preset', () => {
  assert.deepEqual(listing('linkerd', { ipv6: 'drop' }, 'filter', 6), [
    'INPUT -j MTLSCOPE_NO_IPV6', 'FORWARD -j MTLSCOPE_NO_IPV6', 'OUTPUT -j MTLSCOPE_NO_IPV6', 'MTLSCOPE_NO_IPV6 -i lo -j RETURN', 'MTLSCOPE_NO_IPV6 -o lo -j RETURN', 'MTLSCOPE_NO_IPV6 -j DROP',
  ])
  assert.match(nftText(planRules({ ...PRESET_SETTINGS.mtlscope, ipv6: 'drop' })), /meta nfproto ipv6 counter drop/)
})

test('the proxy is neither root nor nobody', () => {
  assert.throws(() => planRules({ ...PRESET_SETTINGS.mtlscope, uids: [0] }), { code: 'rules-refused', message: /may not run as root/ })
  assert.throws(() => planRules({ ...PRESET_SETTINGS.istio, gids: [0] }), { code: 'rules-refused' })
  assert.throws(() => planRules({ ...PRESET_SETTINGS.linkerd, uids: [] }), { code: 'rules-refused', message: /led to itself/ })
})
