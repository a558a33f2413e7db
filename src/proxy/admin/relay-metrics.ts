import type { RelayMetrics } from '../relay/metrics.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'

/** What docs/sidecar.md lists under metrics of the embedded engine. */
export function addRelayMetrics(page: MetricsPage, m: RelayMetrics): void {
  page.gauge('mtlscope_connections_active', 'Connections open now.', m.active)
  page.counter('mtlscope_connections_total', 'Connections whose security is decided.', [
    [{ direction: 'inbound', security: 'mtls' }, m.inboundMtls],
    [{ direction: 'inbound', security: 'tls' }, m.inboundTls],
    [{ direction: 'inbound', security: 'plaintext' }, m.inboundPlaintext],
    [{ direction: 'outbound', security: 'mtls' }, m.outboundMtls],
    [{ direction: 'outbound', security: 'plaintext' }, m.outboundPlaintext],
  ])
  page.counter('mtlscope_bytes_total', 'Plaintext bytes handed over; sent: from who opened the connection.', [
    [{ direction: 'inbound', way: 'sent' }, m.inboundBytesSent],
    [{ direction: 'inbound', way: 'received' }, m.inboundBytesReceived],
    [{ direction: 'outbound', way: 'sent' }, m.outboundBytesSent],
    [{ direction: 'outbound', way: 'received' }, m.outboundBytesReceived],
  ])
  page.counter('mtlscope_handshakes_total', 'TLS handshakes that succeeded.', [
    [{ kind: 'full' }, m.handshakes - m.resumedHandshakes],
    [{ kind: 'resumed' }, m.resumedHandshakes],
  ])
  page.gauge('mtlscope_tunnels_active', 'Tunnels open now, those that were accepted and those that were opened.', m.tunnels)
  page.counter('mtlscope_tunnels_total', 'Tunnels that were opened or accepted.', m.tunnelsOpened)
  page.counter('mtlscope_tunnels_broken_total', 'Tunnels that ended because the other side breached the protocol.', m.tunnelsBroken)
  page.counter('mtlscope_tap_dropped_bytes_total', 'Plaintext bytes that a tap was too slow to take.', m.tapDroppedBytes)
  page.counter('mtlscope_failures_total', 'Connections that were refused or ended with an error, by reason.', failures(m).map(([reason, value]) => [{ reason }, value]))
}

function failures(m: RelayMetrics): [reason: string, value: number][] {
  return [
    ['handshake-failed', m.handshakesFailed], ['handshake-timeout', m.handshakeTimeouts], ['identity-refused', m.identitiesRefused],
    ['destination-denied', m.destinationsDenied], ['self-call', m.selfCalls], ['connect-failed', m.connectsFailed],
    ['connect-timeout', m.connectTimeouts], ['unresolved', m.unresolved], ['idle', m.idleTimeouts], ['reset', m.resets],
    ['truncated', m.truncated], ['limit', m.refusedForLimit], ['descriptors', m.refusedForDescriptors], ['thread-failed', m.threadsFailed],
  ]
}
