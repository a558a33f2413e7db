import { createHash } from 'node:crypto'
import { all, bytesOf, first, packetsOf } from './pdml.ts'
import type { Field } from './pdml.ts'
import { endsOf } from './tshark-http1.ts'

export interface ClientHelloView {
  readonly legacyVersion: string
  readonly versions: string[]
  readonly random: string
  readonly sessionIdBytes: number
  readonly suites: string[]
  readonly sni?: string
  readonly alpn?: string[]
  readonly groups?: string[]
  readonly keyShares?: string[]
  readonly signatureAlgorithms?: string[]
  readonly extensions: number
  readonly pskIdentities?: number
  readonly ja3?: string
}

export interface ServerHelloView {
  readonly version: string
  readonly random: string
  readonly sessionIdBytes: number
  readonly suite: string
  readonly keyShare?: string
  readonly alpn?: string
  readonly selectedPsk?: number
  readonly ja3s?: string
}

export interface CertificateView { readonly sha256: string, readonly serial: string, readonly subject: string[], readonly issuer: string[] }

/** Records of a side by content type, and all their bytes with headers. */
export interface RecordsView { readonly changeCipherSpec: number, readonly alert: number, readonly handshake: number, readonly applicationData: number, readonly bytes: number }

export interface TlsSide { readonly records: RecordsView, readonly certificates: CertificateView[], readonly alerts: string[] }

export interface TlsStream {
  client: string
  server: string
  readonly clientHellos: ClientHelloView[]
  readonly serverHellos: ServerHelloView[]
  readonly helloRetries: number
  readonly curve?: string
  readonly certificateRequested: boolean
  readonly sides: { client: TlsSide, server: TlsSide }
}

const HELLO_RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
const CHANGE_CIPHER_SPEC = '20'
const ALERT = '21'
const HANDSHAKE = '22'
const APPLICATION_DATA = '23'

/** What tshark makes of the TLS in a capture, a connection at a time. */
export function tsharkTls(path: string, options: readonly string[] = []): TlsStream[] {
  const streams = new Map<string, StreamReading>()
  for (const packet of packetsOf(path, 'tls && tcp', options)) {
    const ends = endsOf(packet)
    let reading = streams.get(ends.stream)
    if (reading === undefined) streams.set(ends.stream, reading = new StreamReading())
    for (const tls of packet.fields.filter((f) => f.name === 'tls')) {
      for (const record of tls.fields.filter((f) => f.name === 'tls.record')) reading.record(record, ends.sender, ends.receiver)
    }
  }
  return [...streams.values()].map((reading) => reading.view)
}

/** One sender's part while it is being read. */
class SideReading {
  readonly certificates: CertificateView[] = []
  readonly alerts: string[] = []
  readonly counts = new Map<string, number>()
  bytes = 0

  get view(): TlsSide {
    const count = (type: string): number => this.counts.get(type) ?? 0
    const records = {
      changeCipherSpec: count(CHANGE_CIPHER_SPEC), alert: count(ALERT), handshake: count(HANDSHAKE),
      applicationData: count(APPLICATION_DATA), bytes: this.bytes,
    }
    return { records, certificates: this.certificates, alerts: this.alerts }
  }
}

class StreamReading {
  readonly #sides = new Map<string, SideReading>()
  readonly #clientHellos: ClientHelloView[] = []
  readonly #serverHellos: ServerHelloView[] = []
  #helloRetries = 0
  #curve: string | undefined
  #certificateRequested = false
  #client = ''
  #server = ''

  get view(): TlsStream {
    return {
      client: this.#client, server: this.#server, clientHellos: this.#clientHellos, serverHellos: this.#serverHellos,
      helloRetries: this.#helloRetries, ...this.#curve !== undefined && { curve: this.#curve },
      certificateRequested: this.#certificateRequested,
      sides: { client: this.#side(this.#client).view, server: this.#side(this.#server).view },
    }
  }

  #side(end: string): SideReading {
    let side = this.#sides.get(end)
    if (side === undefined) this.#sides.set(end, side = new SideReading())
    return side
  }

  record(record: Field, sender: string, receiver: string): void {
    if (this.#client === '') this.#meet(record, sender, receiver)
    const type = first(record, 'tls.record.content_type') ?? first(record, 'tls.record.opaque_type')
    const length = first(record, 'tls.record.length')
    if (type === undefined || length === undefined) return
    const side = this.#side(sender)
    side.counts.set(type.show, (side.counts.get(type.show) ?? 0) + 1)
    side.bytes += 5 + Number(length.show)
    for (const handshake of record.fields.filter((f) => f.name === 'tls.handshake')) this.#handshake(handshake, side)
    for (const alert of all(record, 'tls.alert_message.desc')) side.alerts.push(nameOf(alert))
  }

  /** The server sent a ServerHello, or else has the lower port. */
  #meet(record: Field, sender: string, receiver: string): void {
    const types = all(record, 'tls.handshake.type').map((f) => f.show)
    const port = (end: string): number => Number(end.split(' ')[1])
    const fromServer = types.includes('2') || (!types.includes('1') && port(sender) < port(receiver))
    ;[this.#client, this.#server] = fromServer ? [receiver, sender] : [sender, receiver]
  }

  #handshake(handshake: Field, side: SideReading): void {
    const type = first(handshake, 'tls.handshake.type')?.show
    if (type === '1') this.#clientHellos.push(clientHello(handshake))
    else if (type === '2') this.#serverHello(handshake)
    else if (type === '11') side.certificates.push(...all(handshake, 'tls.handshake.certificate').map(certificate))
    else if (type === '12') this.#curve = optionalName(first(handshake, 'tls.handshake.server_named_curve'))
    else if (type === '13') this.#certificateRequested = true
  }

  #serverHello(handshake: Field): void {
    if (hex(first(handshake, 'tls.handshake.random')) === HELLO_RETRY_RANDOM) this.#helloRetries++
    else this.#serverHellos.push(serverHello(handshake))
  }
}

function clientHello(h: Field): ClientHelloView {
  const list = (name: string): string[] | undefined => {
    const fields = all(h, name)
    return fields.length === 0 ? undefined : fields.map(nameOf)
  }
  const legacyVersion = nameOf(first(h, 'tls.handshake.version')!)
  return withoutUndefined({
    legacyVersion,
    versions: list('tls.handshake.extensions.supported_version') ?? [legacyVersion],
    random: hex(first(h, 'tls.handshake.random')),
    sessionIdBytes: number(first(h, 'tls.handshake.session_id_length')),
    suites: all(h, 'tls.handshake.ciphersuite').map(nameOf),
    sni: first(h, 'tls.handshake.extensions_server_name')?.show,
    alpn: texts(h, 'tls.handshake.extensions_alpn_str'),
    groups: list('tls.handshake.extensions_supported_group'),
    keyShares: list('tls.handshake.extensions_key_share_group'),
    signatureAlgorithms: signatureAlgorithms(h),
    extensions: all(h, 'tls.handshake.extension.type').length,
    pskIdentities: count(h, 'tls.handshake.extensions.psk.identity.identity'),
    ja3: first(h, 'tls.handshake.ja3')?.show,
  })
}

/** Other extensions hold such lists too. */
function signatureAlgorithms(hello: Field): string[] | undefined {
  const extension = hello.fields.find((f) => f.fields.some((g) => g.name === 'tls.handshake.extension.type' && g.show === '13'))
  return extension && all(extension, 'tls.handshake.sig_hash_alg').map(nameOf)
}

function serverHello(h: Field): ServerHelloView {
  const psk = first(h, 'tls.handshake.extensions.psk.identity.selected')
  return withoutUndefined({
    version: nameOf(first(h, 'tls.handshake.extensions.supported_version') ?? first(h, 'tls.handshake.version')!),
    random: hex(first(h, 'tls.handshake.random')),
    sessionIdBytes: number(first(h, 'tls.handshake.session_id_length')),
    suite: nameOf(first(h, 'tls.handshake.ciphersuite')!),
    keyShare: optionalName(first(h, 'tls.handshake.extensions_key_share_group')),
    alpn: texts(h, 'tls.handshake.extensions_alpn_str')?.[0],
    selectedPsk: psk === undefined ? undefined : Number(psk.show),
    ja3s: first(h, 'tls.handshake.ja3s')?.show,
  })
}

function certificate(field: Field): CertificateView {
  const names = (kind: string): string[] => {
    const name = first(field, kind)
    return name === undefined ? [] : all(name, 'x509if.RelativeDistinguishedName_item_element')
      .map((f) => /\((?:id-at-|pkcs-9-at-)?(.*)\)$/s.exec(f.label)?.[1] ?? f.label)
  }
  return {
    sha256: createHash('sha256').update(bytesOf(field)).digest('hex'),
    serial: hex(first(field, 'x509af.serialNumber')).replace(/^00(?=[89a-f])/, ''),
    subject: names('x509af.subject'),
    issuer: names('x509af.issuer'),
  }
}

/** `Cipher Suite: TLS_AES_256_GCM_SHA384 (0x1302)` is the name; a code that tshark has no name for stays a number. */
function nameOf(field: Field): string {
  const [, name = '', code = ''] = /^[^:]*: (.*) \((0x[0-9a-f]+|\d+)\)$/i.exec(field.label) ?? []
  const value = code === '' ? field.show : code
  return /^(?:Unknown(?: (?:Unknown|SM2|RSA|DSA|ECDSA|Anonymous))?|Reserved \(GREASE\).*)$/.test(name) || name === '' ? `0x${Number(value).toString(16).padStart(4, '0')}` : name
}

function optionalName(field: Field | undefined): string | undefined {
  return field === undefined ? undefined : nameOf(field)
}

function texts(field: Field, name: string): string[] | undefined {
  const found = all(field, name)
  return found.length === 0 ? undefined : found.map((f) => f.show)
}

function count(field: Field, name: string): number | undefined {
  const { length } = all(field, name)
  return length === 0 ? undefined : length
}

function number(field: Field | undefined): number {
  return Number(field?.show ?? 0)
}

function hex(field: Field | undefined): string {
  return field?.hex ?? ''
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T
}
