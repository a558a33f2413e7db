import { parseIptablesSave } from './iptables-save.ts'
import type { IpVersion, Table } from './ruleset.ts'

/** Rules as meshes write them, of ../shared/reference and their sources, as text of iptables-restore. */
export interface IstioOptions { readonly uid?: number, readonly inbound?: string, readonly version?: IpVersion, readonly excludeInbound?: readonly number[] }

/** istio-iptables with `-b * -i *` in REDIRECT mode. */
export function istioRedirect({ uid = 1337, version = 4, excludeInbound = [15090, 15021, 15020] }: IstioOptions = {}): string {
  const [loopback, six] = version === 4 ? ['127.0.0.1/32', '127.0.0.6/32'] : ['::1/128', '::6/128']
  const self = (who: 'uid' | 'gid'): string[] => [
    `-A ISTIO_OUTPUT ! -d ${loopback} -o lo -p tcp -m tcp ! --dport 15008 -m owner --${who}-owner ${uid} -j ISTIO_IN_REDIRECT`,
    `-A ISTIO_OUTPUT -o lo -m owner ! --${who}-owner ${uid} -j RETURN`,
    `-A ISTIO_OUTPUT -m owner --${who}-owner ${uid} -j RETURN`,
  ]
  return [
    '*nat', ':PREROUTING ACCEPT [0:0]', ':INPUT ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]',
    ':ISTIO_INBOUND - [0:0]', ':ISTIO_IN_REDIRECT - [0:0]', ':ISTIO_OUTPUT - [0:0]', ':ISTIO_REDIRECT - [0:0]',
    '-A PREROUTING -p tcp -j ISTIO_INBOUND', '-A OUTPUT -j ISTIO_OUTPUT',
    '-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN',
    ...excludeInbound.map((port) => `-A ISTIO_INBOUND -p tcp -m tcp --dport ${port} -j RETURN`),
    '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
    '-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006',
    `-A ISTIO_OUTPUT -s ${six} -o lo -j RETURN`, ...self('uid'), ...self('gid'),
    `-A ISTIO_OUTPUT -d ${loopback} -j RETURN`, '-A ISTIO_OUTPUT -j ISTIO_REDIRECT',
    '-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001', 'COMMIT', '',
  ].join('\n')
}

/** The inbound half of TPROXY mode. */
export function istioTproxy(): string {
  return [
    '*mangle', ':PREROUTING ACCEPT [0:0]', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]',
    ':ISTIO_DIVERT - [0:0]', ':ISTIO_INBOUND - [0:0]', ':ISTIO_TPROXY - [0:0]',
    '-A PREROUTING -p tcp -j ISTIO_INBOUND',
    '-A PREROUTING -p tcp -m mark --mark 0x539 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    '-A OUTPUT -o lo -p tcp -m mark --mark 0x539 -j RETURN',
    '-A OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 1337 -j MARK --set-xmark 0x53a/0xffffffff',
    '-A OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --gid-owner 1337 -j MARK --set-xmark 0x53a/0xffffffff',
    '-A OUTPUT -p tcp -m connmark --mark 0x539 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    '-A ISTIO_DIVERT -j MARK --set-xmark 0x539/0xffffffff', '-A ISTIO_DIVERT -j ACCEPT',
    '-A ISTIO_INBOUND -p tcp -m mark --mark 0x539 -j RETURN',
    '-A ISTIO_INBOUND -s 127.0.0.6/32 -i lo -p tcp -j RETURN',
    '-A ISTIO_INBOUND -i lo -p tcp -m mark ! --mark 0x53a -j RETURN',
    '-A ISTIO_INBOUND -p tcp -m tcp --dport 15090 -j RETURN',
    '-A ISTIO_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT',
    '-A ISTIO_INBOUND -p tcp -j ISTIO_TPROXY',
    '-A ISTIO_TPROXY ! -d 127.0.0.1/32 -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff',
    'COMMIT', '',
  ].join('\n')
}

export function linkerd(): string {
  return [
    '*nat', ':PREROUTING ACCEPT [0:0]', ':INPUT ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]',
    ':PROXY_INIT_OUTPUT - [0:0]', ':PROXY_INIT_REDIRECT - [0:0]',
    '-A PREROUTING -m comment --comment "proxy-init/install-proxy-init-prerouting" -j PROXY_INIT_REDIRECT',
    '-A OUTPUT -m comment --comment "proxy-init/install-proxy-init-output" -j PROXY_INIT_OUTPUT',
    '-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -m comment --comment "proxy-init/ignore-proxy-user-id" -j RETURN',
    '-A PROXY_INIT_OUTPUT -o lo -m comment --comment "proxy-init/ignore-loopback" -j RETURN',
    '-A PROXY_INIT_OUTPUT -p tcp -m multiport --dports 4567,4568 -j RETURN',
    '-A PROXY_INIT_OUTPUT -p tcp -m comment --comment "proxy-init/redirect-all-outgoing-to-proxy-port" -j REDIRECT --to-ports 4140',
    '-A PROXY_INIT_REDIRECT -p tcp -m multiport --dports 4190,4191,4567,4568 -j RETURN',
    '-A PROXY_INIT_REDIRECT -p tcp -m comment --comment "proxy-init/redirect-all-incoming-to-proxy-port" -j REDIRECT --to-ports 4143',
    'COMMIT', '',
  ].join('\n')
}

export function contrast(): string {
  return [
    '*mangle', ':PREROUTING ACCEPT [0:0]', ':CONTRAST_INBOUND - [0:0]', ':CONTRAST_IN_REDIRECT - [0:0]',
    '-A PREROUTING -p tcp -j CONTRAST_INBOUND',
    '-A CONTRAST_INBOUND -i lo -p tcp -j RETURN', '-A CONTRAST_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-A CONTRAST_INBOUND -p tcp -j CONTRAST_IN_REDIRECT',
    '-A CONTRAST_IN_REDIRECT -p tcp -m tcp --dport 7890 -j RETURN',
    '-A CONTRAST_IN_REDIRECT -p tcp -m tcp --dport 8080 -j TPROXY --on-port 15007 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0',
    '-A CONTRAST_IN_REDIRECT -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0', 'COMMIT', '',
  ].join('\n')
}

/** Tables of a text that is right. */
export function tablesOf(text: string, version: IpVersion = 4): Table[] {
  const parsed = parseIptablesSave(text, { version, backend: 'iptables' })
  if (!parsed.ok) throw new Error(`line ${parsed.problem.line}:${parsed.problem.column}: ${parsed.problem.what}`)
  return parsed.tables
}
