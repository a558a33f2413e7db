/** Programs that can make the rules, in the order in which they are tried. */
export const BACKENDS = ['nft', 'iptables'] as const
export type Backend = (typeof BACKENDS)[number]

/** How connections come to the sidecars: by rules that one of these programs made, or because apps dial listeners of their sidecar. */
export type Interception = Backend | 'listeners'

export const INBOUND_PORT = 15_006
export const OUTBOUND_PORT = 15_001
/** On what the sidecar sends. All are root here, an ordinary user has no second user in its namespace, so no user tells them apart. */
export const SIDECAR_MARK = 1337
/** On what the app sends, so that it is led back in. */
const CAPTURED_MARK = 1338
const TABLE = 133

/**
 * Everything that the app at this address sends, and everything that comes to it, goes to its sidecar. By TPROXY both ways: after REDIRECT a
 * capture on the loopback would show requests to one address and the answers from another.
 */
export function planRules(backend: Backend, ip: string): string {
  return backend === 'nft' ? nftRules(ip) : iptablesRules(ip)
}

/** Lines for `ip -batch`: what was captured is for this machine, whatever its address. */
export function planRoutes(): string[] {
  return [`rule add fwmark ${CAPTURED_MARK} lookup ${TABLE}`, `route add local default dev lo table ${TABLE}`]
}

/** For `nft -f`. A chain of type route looks for another way once the mark has changed. Where nobody listens nft goes on behind `tproxy`: hence the drop. */
function nftRules(ip: string): string {
  return `table ip mtlscope {
  chain outbound {
    type route hook output priority mangle; policy accept;
    meta l4proto != tcp return
    meta mark ${SIDECAR_MARK} return
    ct direction reply return
    ip daddr { 127.0.0.0/8, ${ip} } return
    meta mark set ${CAPTURED_MARK}
  }
  chain inbound {
    type filter hook prerouting priority mangle; policy accept;
    iifname "lo" meta l4proto tcp meta mark ${CAPTURED_MARK} tproxy to :${OUTBOUND_PORT} accept
    iifname "eth0" meta l4proto tcp ct direction original tproxy to :${INBOUND_PORT} accept
    iifname "eth0" meta l4proto tcp ct direction original drop
  }
}
`
}

/** For `iptables-restore`. */
function iptablesRules(ip: string): string {
  return `*mangle
:MTLSCOPE_OUT - [0:0]
:MTLSCOPE_IN - [0:0]
-A OUTPUT -p tcp -j MTLSCOPE_OUT
-A PREROUTING -p tcp -j MTLSCOPE_IN
-A MTLSCOPE_OUT -m mark --mark ${SIDECAR_MARK} -j RETURN
-A MTLSCOPE_OUT -m conntrack --ctdir REPLY -j RETURN
-A MTLSCOPE_OUT -d 127.0.0.0/8 -j RETURN
-A MTLSCOPE_OUT -d ${ip} -j RETURN
-A MTLSCOPE_OUT -j MARK --set-mark ${CAPTURED_MARK}
-A MTLSCOPE_IN -i lo -p tcp -m mark --mark ${CAPTURED_MARK} -j TPROXY --on-port ${OUTBOUND_PORT}
-A MTLSCOPE_IN -i eth0 -p tcp -m conntrack --ctdir ORIGINAL -j TPROXY --on-port ${INBOUND_PORT}
COMMIT
`
}
