/** Further rules of meshes as ../shared/reference has them, as text of iptables-restore or nft -f. The proxy of Istio ambient has no uid: its mark is its name. */
export function istioAmbient(version: 4 | 6 = 4): string {
  const [probe, loopback] = version === 4 ? ['169.254.7.127', '127.0.0.1/32'] : ['fd16:9254:7127:1337:ffff:ffff:ffff:ffff', '::1/128']
  return [
    '*mangle', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':ISTIO_OUTPUT - [0:0]', ':ISTIO_PRERT - [0:0]',
    '-A PREROUTING -j ISTIO_PRERT', '-A OUTPUT -j ISTIO_OUTPUT',
    '-A ISTIO_OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    '-A ISTIO_PRERT -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff', 'COMMIT',
    '*nat', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':ISTIO_OUTPUT - [0:0]', ':ISTIO_PRERT - [0:0]',
    '-A PREROUTING -j ISTIO_PRERT', '-A OUTPUT -j ISTIO_OUTPUT',
    `-A ISTIO_OUTPUT -d ${probe} -p tcp -m tcp -j ACCEPT`,
    '-A ISTIO_OUTPUT ! -o lo -p udp -m mark ! --mark 0x539/0xfff -m udp --dport 53 -j REDIRECT --to-ports 15053',
    `-A ISTIO_OUTPUT ! -d ${loopback} -p tcp -m tcp --dport 53 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15053`,
    '-A ISTIO_OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT', `-A ISTIO_OUTPUT ! -d ${loopback} -o lo -j ACCEPT`,
    `-A ISTIO_OUTPUT ! -d ${loopback} -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001`,
    `-A ISTIO_PRERT -s ${probe} -p tcp -m tcp -j ACCEPT`,
    `-A ISTIO_PRERT ! -d ${loopback} -p tcp -m tcp ! --dport 15008 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15006`, 'COMMIT',
    '*raw', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':ISTIO_OUTPUT - [0:0]', ':ISTIO_PRERT - [0:0]', '-A PREROUTING -j ISTIO_PRERT', '-A OUTPUT -j ISTIO_OUTPUT',
    '-A ISTIO_OUTPUT -p udp -m mark --mark 0x539/0xfff -m udp --dport 53 -j CT --zone 1', '-A ISTIO_PRERT -p udp -m mark ! --mark 0x539/0xfff -m udp --sport 53 -j CT --zone 1', 'COMMIT', '',
  ].join('\n')
}

/** istio-iptables with native nft, `-b * -i *`. */
export function istioNative(): string {
  return [
    'table inet istio-proxy-nat {', ' chain istio-in-redirect {', '  meta l4proto tcp counter redirect to :15006', ' }', ' chain istio-redirect {', '  meta l4proto tcp counter redirect to :15001', ' }',
    ' chain istio-inbound {', '  tcp dport 15008 counter return', '  tcp dport 15090 counter return', '  tcp dport 15021 counter return', '  tcp dport 15020 counter return', '  meta l4proto tcp counter jump istio-in-redirect', ' }',
    ' chain istio-output {', '  oifname "lo" ip saddr 127.0.0.6 counter return', '  oifname "lo" ip daddr != 127.0.0.1 tcp dport != 15008 meta skuid 1337 counter jump istio-in-redirect',
    '  oifname "lo" meta skuid != 1337 counter return', '  meta skuid 1337 counter return', '  oifname "lo" ip daddr != 127.0.0.1 tcp dport != 15008 meta skgid 1337 counter jump istio-in-redirect',
    '  oifname "lo" meta skgid != 1337 counter return', '  meta skgid 1337 counter return', '  ip daddr 127.0.0.1 counter return', '  counter jump istio-redirect', ' }',
    ' chain prerouting {', '  type nat hook prerouting priority -100; policy accept;', '  meta l4proto tcp counter jump istio-inbound', ' }',
    ' chain output {', '  type nat hook output priority -100; policy accept;', '  counter jump istio-output', ' }', '}', '',
  ].join('\n')
}

/** OSM's init container, in the mode that is the default; `podIp`: in the other one. */
export function openServiceMesh(podIp?: string): string {
  return [
    '*nat', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':OSM_PROXY_INBOUND - [0:0]', ':OSM_PROXY_IN_REDIRECT - [0:0]', ':OSM_PROXY_OUTBOUND - [0:0]', ':OSM_PROXY_OUT_REDIRECT - [0:0]',
    '-A OSM_PROXY_IN_REDIRECT -p tcp -j REDIRECT --to-port 15003', '-A PREROUTING -p tcp -j OSM_PROXY_INBOUND',
    ...[15010, 15901, 15902, 15903, 15904].map((port) => `-A OSM_PROXY_INBOUND -p tcp --dport ${port} -j RETURN`), '-A OSM_PROXY_INBOUND -p tcp -j OSM_PROXY_IN_REDIRECT',
    '-I OSM_PROXY_INBOUND -i net1 -j RETURN', '-I OSM_PROXY_INBOUND -p tcp --match multiport --dports 9090 -j RETURN',
    '-A OSM_PROXY_OUT_REDIRECT -p tcp -j REDIRECT --to-port 15001', '-A OSM_PROXY_OUT_REDIRECT -p tcp --dport 15000 -j ACCEPT', '-A OUTPUT -p tcp -j OSM_PROXY_OUTBOUND',
    '-A OSM_PROXY_OUTBOUND -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 1500 -j OSM_PROXY_IN_REDIRECT', '-A OSM_PROXY_OUTBOUND -o lo -m owner ! --uid-owner 1500 -j RETURN',
    '-A OSM_PROXY_OUTBOUND -m owner --uid-owner 1500 -j RETURN', '-A OSM_PROXY_OUTBOUND -d 127.0.0.1/32 -j RETURN', '-A OSM_PROXY_OUTBOUND -d 192.168.0.0/16 -j RETURN',
    '-A OSM_PROXY_OUTBOUND -j OSM_PROXY_OUT_REDIRECT', ...podIp === undefined ? [] : [`-I OUTPUT -p tcp -o lo -d 127.0.0.1/32 -m owner --uid-owner 1500 -j DNAT --to-destination ${podIp}`], 'COMMIT', '',
  ].join('\n')
}
