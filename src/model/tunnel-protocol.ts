/** Name (ALPN, RFC 7301) of the tunnel between two sidecars, docs/tunnel.md: what they agree on, and what those who watch know it by. Another number where its frames change. */
export const TUNNEL_PROTOCOL = 'mtlscope/1'
