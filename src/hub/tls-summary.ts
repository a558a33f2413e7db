import type { JsonRecord, PeerIdentity, TlsSummary, WireVerdict } from '../model/api.ts'
import { tlsFacts } from '../mesh/tls-facts.ts'
import { asMessage } from './record-message.ts'

type Half = Readonly<Record<string, unknown>>

const PROOF: Record<TlsSummary['verdict'], string> = {
  'mtls-seen': 'the client showed a certificate and signed with its key, in the clear',
  'mtls-inferred': 'the client\'s encrypted flight is too long for a Finished alone: it holds a certificate',
  'tls-one-way': 'the client showed no certificate',
  tls: 'whether the client showed a certificate is not known',
  plaintext: '', clear: '', unknown: 'the handshake failed or was not seen whole',
}

const RESUMES = 'the connection resumes a session: certificates were shown before'

/** Of one that resumes a session: nothing of it is seen in its own handshake. */
const RESUMED: Partial<typeof PROOF> = {
  'mtls-inferred': 'the full handshakes of the same two all had a certificate of the client',
  'tls-one-way': 'the full handshakes of the same two had no certificate of the client',
}

/** A handshake in a few words. `verdict`: what it says of its connection, where one that resumes a session says what that says. */
export function tlsSummary(record: JsonRecord, handshake: number, verdict: WireVerdict): TlsSummary {
  const facts = tlsFacts(asMessage(record))
  const request = record.request ?? {}
  const response = record.response ?? {}
  const evidence = facts.resumed === true ? [RESUMED[verdict] ?? PROOF[verdict], RESUMES] : [PROOF[verdict], ...flightText(request, response)]
  const client = identityOf(request.certificate)
  const server = identityOf(response.certificate)
  return {
    verdict, handshake, evidence: evidence.filter((text) => text !== ''),
    ...given({ version: facts.version, cipherSuite: facts.suite, group: facts.group, alpn: facts.alpn, sni: facts.sni, resumed: facts.resumed }),
    ...(typeof response.postQuantum === 'boolean' && { postQuantum: response.postQuantum }),
    ...(client && { client }), ...(server && { server }),
  }
}

function flightText(request: Half, response: Half): string[] {
  const { clientFlight: flight } = request as { clientFlight?: { bytes?: unknown } }
  const { finishedRecordBytes } = response
  return typeof flight?.bytes === 'number' && typeof finishedRecordBytes === 'number'
    ? [`the client's second flight has ${flight.bytes} bytes, a Finished alone has ${finishedRecordBytes}`] : []
}

function identityOf(certificate: unknown): PeerIdentity | undefined {
  if (typeof certificate !== 'object' || certificate === null) return undefined
  const { leaf } = certificate as { leaf?: Half }
  if (leaf === undefined) return undefined
  const names = Array.isArray(leaf.alternativeNames) ? leaf.alternativeNames.filter((name) => typeof name === 'string') : undefined
  const found = given({
    subject: text(leaf.subject), issuer: text(leaf.issuer), spiffeId: text(leaf.spiffeId), names,
    notBefore: text(leaf.notBefore), notAfter: text(leaf.notAfter),
  })
  return Object.keys(found).length === 0 ? undefined : found
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Without what is undefined. */
function given<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
