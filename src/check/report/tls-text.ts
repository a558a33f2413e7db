import type { EdgeTls } from '../verdict.ts'

/** `TLS 1.3 · TLS_AES_128_GCM_SHA256 · X25519MLKEM768, post-quantum`; several values of a kind are listed. */
export function tlsText(tls: EdgeTls): string {
  const parts = [tls.versions.join(', '), tls.suites.join(', ')]
  if (tls.groups.length > 0) parts.push(`${tls.groups.join(', ')}, ${tls.postQuantum === true ? 'post-quantum' : 'not post-quantum'}`)
  if (tls.sni.length > 0) parts.push(`SNI ${tls.sni.slice(0, 4).join(', ')}`)
  if (tls.alpn.length > 0) parts.push(`ALPN ${tls.alpn.slice(0, 4).join(', ')}`)
  if (tls.resumed > 0) parts.push(`${tls.resumed} resumed`)
  return parts.filter((part) => part !== '').join(' · ')
}
