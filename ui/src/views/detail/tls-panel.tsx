import type { JSX } from 'react'
import type { MessageDetail, PeerIdentity, TlsSummary } from '../../../../src/model/api.ts'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { selectMessage } from '../../services/list.ts'
import type { FieldRow } from '../../model/half-sections.ts'
import { FieldTable } from './field-table.tsx'
import { Folding } from './folding.tsx'

/** What the handshake of the wire shows, and how the verdict on it is known. */
export function TlsPanel({ detail }: { detail: MessageDetail }): JSX.Element {
  const { tls, row } = detail
  if (tls === undefined) {
    return (
      <p className="quiet pad">
        {row.verdict === 'plaintext'
          ? 'This was read on a wire without any encryption.'
          : 'No TLS handshake that belongs to this message was captured. Capture before the connection begins, also on the wire between the proxies.'}
      </p>
    )
  }
  return (
    <>
      <Folding title="Verdict">
        <div className="pad">
          <p className="strong"><VerdictSign verdict={tls.verdict} word /></p>
          <ul className="evidence">{tls.evidence.map((text) => <li key={text}>{text}</li>)}</ul>
          {tls.handshake !== undefined && <button type="button" className="button" onClick={() => void selectMessage(tls.handshake!)}>The handshake, No. {tls.handshake}</button>}
        </div>
      </Folding>
      <Folding title="Session"><FieldTable rows={sessionRows(tls)} /></Folding>
      {tls.client !== undefined && <Folding title="Client’s certificate"><FieldTable rows={identityRows(tls.client)} /></Folding>}
      {tls.server !== undefined && <Folding title="Server’s certificate"><FieldTable rows={identityRows(tls.server)} /></Folding>}
    </>
  )
}

function sessionRows(tls: TlsSummary): FieldRow[] {
  return rowsOf([
    ['Version', tls.version], ['Cipher suite', tls.cipherSuite], ['Key exchange', tls.group], ['Post-quantum', tls.postQuantum === undefined ? undefined : tls.postQuantum ? 'yes' : 'no'],
    ['Server name (SNI)', tls.sni], ['ALPN', tls.alpn], ['Resumed', tls.resumed === undefined ? undefined : tls.resumed ? 'yes' : 'no'],
  ])
}

function identityRows(peer: PeerIdentity): FieldRow[] {
  return rowsOf([
    ['SPIFFE id', peer.spiffeId], ['Subject', peer.subject], ['Names', peer.names?.join(', ')], ['Issuer', peer.issuer], ['Valid from', peer.notBefore], ['Valid to', peer.notAfter],
  ])
}

function rowsOf(pairs: readonly (readonly [string, string | undefined])[]): FieldRow[] {
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
}
