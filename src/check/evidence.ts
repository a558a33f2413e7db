import type { FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { ChainFacts, HandshakeFacts, HandshakeStep } from './handshake-facts.ts'
import { meshFact } from './mesh-fact.ts'
import type { Evidence, EvidenceKind } from './verdict.ts'

/** Names in certificates and hellos may be of any length. */
const MAX_SENTENCE_CHARS = 500

/** Number of the frame that a time of this connection is of. */
export type FrameAt = (atMicros: Micros) => number | undefined

/** What one handshake shows, as sentences in the order of its messages. */
export function handshakeEvidence(facts: HandshakeFacts, flow: FlowInfo, frameAt: FrameAt): Evidence[] {
  const list: Evidence[] = []
  const add = (kind: EvidenceKind, what: string, step?: HandshakeStep): void => {
    const atMicros = step === undefined ? undefined : facts.at[step]
    const frame = atMicros === undefined ? undefined : frameAt(atMicros)
    list.push({ kind, what: what.length > MAX_SENTENCE_CHARS ? `${what.slice(0, MAX_SENTENCE_CHARS - 1)}…` : what, ...(frame !== undefined && { frame }), ...(atMicros !== undefined && { atMicros }) })
  }
  if (!facts.seen) add('late', 'joined late: the connection was there before the capture, and its handshake is not in it')
  if (facts.at.clientHello !== undefined) add('client-hello', helloText(facts), 'clientHello')
  if (facts.suite !== undefined) add('server-hello', serverText(facts), 'serverHello')
  if (facts.resumed === true) add('resumption', resumptionText(facts), 'serverHello')
  if (facts.server !== undefined) add('server-certificate', `the server shows ${chainText(facts.server)}`, 'serverCertificate')
  if (facts.certificateRequested === true) add('certificate-request', 'the server asks the client for a certificate (CertificateRequest)', 'certificateRequest')
  if (facts.certificateRequested === false && facts.resumed !== true) add('certificate-request', 'the server does not ask the client for a certificate', 'serverHello')
  if (facts.client !== undefined) add('client-certificate', clientText(facts.client), 'clientCertificate')
  if (facts.certificateVerify) add('certificate-verify', verifyText(facts), 'certificateVerify')
  if (facts.clientFlight !== undefined && !facts.decrypted) add('client-flight', flightText(facts), 'clientFlight')
  if (facts.decrypted) add('decrypted', 'the handshake was decrypted with the secrets of a key log, and every record authenticated', 'over')
  if (facts.failure !== undefined) add('alert', `the ${facts.failure.side} ended the handshake: ${facts.failure.status}`, 'over')
  if (facts.lostBytes > 0) add('loss', `${facts.lostBytes} bytes of the handshake are not in the capture`)
  const mesh = facts.seen ? meshFact(facts, flow.server.port) : undefined
  if (mesh !== undefined) add('mesh', mesh, 'clientHello')
  return list
}

function helloText({ sni, alpn, retried }: HandshakeFacts): string {
  const parts = [sni === undefined ? 'without a server name' : `for ${sni}`]
  if (alpn.length > 0) parts.push(`ALPN ${alpn.slice(0, 4).join(', ')}`)
  if (retried) parts.push('sent anew after a HelloRetryRequest')
  return `ClientHello ${parts.join(', ')}`
}

function serverText({ version, suite, group, postQuantum, chosenAlpn }: HandshakeFacts): string {
  const parts = [`ServerHello: ${version}`, suite!]
  if (group !== undefined) parts.push(`${group} (${postQuantum === true ? 'post-quantum' : 'not post-quantum'})`)
  if (chosenAlpn !== undefined) parts.push(`ALPN ${chosenAlpn}`)
  return parts.join(', ')
}

function resumptionText({ resumption, tls13 }: HandshakeFacts): string {
  return tls13 ? 'the server resumes a session (PSK): no certificates are shown again' : `the server resumes a session by its ${resumption === 'ticket' ? 'ticket' : 'number'}: no certificates are shown again`
}

function clientText(chain: ChainFacts): string {
  return chain.length === 0 ? 'the client sends an empty Certificate message: it has none to show' : `the client shows ${chainText(chain)}`
}

function chainText({ length, leaf }: ChainFacts): string {
  const many = length === 1 ? 'a certificate' : `a chain of ${length} certificates`
  if (leaf === undefined) return many
  if (leaf.malformed === true) return `${many}, of which the first cannot be read`
  const who = leaf.spiffeId ?? leaf.alternativeNames?.[0] ?? (leaf.subject === '' || leaf.subject === undefined ? 'nobody by name' : leaf.subject)
  const until = leaf.notAfter === undefined ? '' : `, until ${leaf.notAfter}`
  return `${many}: ${who}, issued by ${leaf.issuer === '' || leaf.issuer === undefined ? 'nobody by name' : leaf.issuer}${until}`
}

function verifyText({ clientSignature, tls13 }: HandshakeFacts): string {
  const what = 'the client signs the handshake with the key of its certificate (CertificateVerify)'
  if (tls13) return what
  if (clientSignature === 'good') return `${what}; the signature was checked and fits`
  return clientSignature === 'bad' ? `${what}; the signature does not fit` : `${what}; the signature could not be checked`
}

function flightText({ clientFlight, finishedBytes = 0 }: HandshakeFacts): string {
  const { bytes, sizes, end } = clientFlight!
  const shown = `${sizes.slice(0, 6).join(' + ')}${sizes.length > 6 ? ' + …' : ''}`
  const how = end === 'finished' ? 'ends with a record of the size of a Finished' : end === 'assumed' ? 'is in one record' : 'cannot be told from what follows'
  return `the client's encrypted flight: ${bytes} bytes (${shown}), ${how}; a Finished alone is ${finishedBytes}`
}
