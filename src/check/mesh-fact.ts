import { TUNNEL_PROTOCOL } from '../model/tunnel-protocol.ts'
import type { HandshakeFacts } from './handshake-facts.ts'

/** Port of HBONE, which ztunnel speaks inside mTLS. */
const HBONE_PORT = 15_008
/** Port of the inbound side of an Istio sidecar, that of mtlscope among them. */
const OWN_ALPN = 'mtlscope'

/** What a known mesh writes into the clear part of its handshakes: one sentence; undefined where there is nothing of the kind. */
export function meshFact(facts: HandshakeFacts, serverPort: number): string | undefined {
  const { alpn, sni = '' } = facts
  const istio = alpn.find((name) => name.startsWith('istio'))
  if (istio !== undefined) return `ALPN ${istio}: a sidecar of Istio, which shows a certificate whenever it says so`
  if (alpn.includes(OWN_ALPN) || alpn.includes(TUNNEL_PROTOCOL)) return `ALPN ${OWN_ALPN}: a sidecar of mtlscope, which never goes without a certificate`
  if (sni.startsWith('outbound_.')) return `SNI ${sni}: an Istio sidecar names the cluster that it calls`
  if (/\.identity\.linkerd\./.test(sni)) return `SNI ${sni}: a Linkerd proxy names the identity that it expects`
  if (/^[^.]+\.[^.]+\.serviceaccount\.identity\./.test(sni)) return `SNI ${sni}: a Linkerd proxy names the identity that it expects`
  if (serverPort === HBONE_PORT) return `port ${HBONE_PORT}: HBONE, the tunnel of Istio's ambient mode`
  return undefined
}
