import { byFlow, endpoint, tapMessages } from './tap-messages.ts'
import type { Tapped } from './tap-messages.ts'
import type { CertificateView, ClientHelloView, ServerHelloView } from './tshark-tls.ts'

interface Certificate { sha256: string, serial?: string, subject?: string, issuer?: string }
interface Certificates { chainLength: number, leaf?: Certificate, chain?: Certificate[] }
interface Flight { records: number, bytes: number }
interface SideFacts { kind: string, certificate?: Certificates, alerts?: { description: string }[] }

interface ClientFacts extends SideFacts {
  legacyVersion: string, versions: string[], random?: string, sessionIdBytes: number, cipherSuites: string[], sni?: string, alpn?: string[]
  groups?: string[], keyShares?: string[], signatureAlgorithms?: string[], extensions?: string[], pskIdentities?: number, ja3?: string
  afterRetry?: { keyShares?: string[] }, clientFlight?: Flight, earlyDataSent?: Flight
}

interface ServerFacts extends SideFacts {
  version?: string, random?: string, sessionIdBytes: number, cipherSuite?: string, group?: string, alpn?: string, selectedPsk?: number, ja3s?: string
  retry?: { group?: string }, certificateRequested?: boolean, serverFlight?: Flight
}

interface ClosedFacts { kind: string, records: number, bytes: number, streamBytes: number }

/** What the tap makes of one TLS connection, in the words of the comparison. */
export interface TappedTls {
  readonly client: string
  readonly server: string
  readonly notes: readonly string[]
  readonly clientHello?: ClientHelloView
  readonly retriedKeyShares?: string[]
  readonly serverHello?: ServerHelloView
  readonly retried: boolean
  readonly group?: string
  readonly certificateRequested?: boolean
  readonly certificates: { client: CertificateView[], server: CertificateView[] }
  readonly alerts: { client: string[], server: string[] }
  /** All bytes of the records of a side. */
  readonly streamBytes: { client: number, server: number }
  /** Records of application data, with the encrypted flights of TLS 1.3. */
  readonly applicationRecords: { client: number, server: number }
}

export async function tapTls(path: string): Promise<TappedTls[]> {
  const { messages } = await tapMessages(path)
  const flows = byFlow(messages.filter(({ message }) => message.protocol === 'tls'))
  return [...flows.values()].map(connection)
}

function connection(list: readonly Tapped[]): TappedTls {
  const handshake = list.find(({ message }) => kindOf(message) === 'handshake')?.message
  const closed = list.find(({ message }) => kindOf(message) === 'closed')?.message
  const client = handshake?.request as ClientFacts | undefined
  const server = handshake?.response as ServerFacts | undefined
  const ends = [closed?.request, closed?.response] as (ClosedFacts | undefined)[]
  return withoutUndefined({
    client: endpoint(list[0]!.flow.client),
    server: endpoint(list[0]!.flow.server),
    notes: list.flatMap(({ message }) => message.notes ?? []),
    clientHello: client?.legacyVersion === undefined ? undefined : clientHello(client),
    retriedKeyShares: client?.afterRetry?.keyShares,
    serverHello: server?.cipherSuite === undefined ? undefined : serverHello(server),
    retried: server?.retry !== undefined,
    group: server?.group,
    certificateRequested: server?.certificateRequested,
    certificates: { client: certificates(client), server: certificates(server) },
    alerts: { client: alerts(client), server: alerts(server) },
    streamBytes: { client: ends[0]?.streamBytes ?? 0, server: ends[1]?.streamBytes ?? 0 },
    applicationRecords: {
      client: (ends[0]?.records ?? 0) + (client?.clientFlight?.records ?? 0) + (client?.earlyDataSent?.records ?? 0),
      server: (ends[1]?.records ?? 0) + (server?.serverFlight?.records ?? 0),
    },
  })
}

function kindOf(message: { request?: object, response?: object }): string | undefined {
  return (message.request as SideFacts | undefined)?.kind ?? (message.response as SideFacts | undefined)?.kind
}

function clientHello(c: ClientFacts): ClientHelloView {
  return withoutUndefined({
    legacyVersion: c.legacyVersion, versions: c.versions, random: c.random ?? '', sessionIdBytes: c.sessionIdBytes, suites: c.cipherSuites,
    sni: c.sni, alpn: c.alpn, groups: c.groups, keyShares: c.keyShares, signatureAlgorithms: c.signatureAlgorithms,
    extensions: c.extensions?.length ?? 0, pskIdentities: c.pskIdentities, ja3: c.ja3,
  })
}

function serverHello(s: ServerFacts): ServerHelloView {
  return withoutUndefined({
    version: s.version ?? '', random: s.random ?? '', sessionIdBytes: s.sessionIdBytes, suite: s.cipherSuite!,
    keyShare: s.version === 'TLS 1.3' ? s.group : undefined, alpn: s.alpn, selectedPsk: s.selectedPsk, ja3s: s.ja3s,
  })
}

function certificates(side: SideFacts | undefined): CertificateView[] {
  const { leaf, chain = [] } = side?.certificate ?? {}
  return (leaf === undefined ? [] : [leaf, ...chain]).map((c) => ({
    sha256: c.sha256, serial: c.serial?.toLowerCase() ?? '', subject: attributes(c.subject), issuer: attributes(c.issuer),
  }))
}

/** RFC 4514 escapes what would separate. */
function attributes(name: string | undefined): string[] {
  return name === undefined ? [] : name.split(/(?<!\\), /).map((part) => part.replaceAll(/\\(.)/g, '$1'))
}

function alerts(side: SideFacts | undefined): string[] {
  return (side?.alerts ?? []).map((a) => a.description)
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T
}
