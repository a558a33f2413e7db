import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import { describeCertificate } from './certificate.ts'
import type { CertificateList } from './certificate-list.ts'
import { certificateTypeName } from './certificate-request.ts'
import { CIPHER_SUITES, keyExchangeOf } from './cipher-suites.ts'
import { certificateCompressionName, compressionName, pointFormatName, pskModeName } from './client-hello.ts'
import type { ClientHello } from './client-hello.ts'
import * as ext from './extensions.ts'
import { alertRecordBytes, finishedRecordBytes } from './flight.ts'
import { ja3, ja3s, ja4 } from './fingerprint.ts'
import { GROUPS, isPostQuantum } from './groups.ts'
import type { Handshake } from './handshake.ts'
import { withoutUndefined } from './plain-object.ts'
import type { ServerHello } from './server-hello.ts'
import { signatureSchemeName } from './signature-schemes.ts'
import { ssl2SuiteName } from './ssl2-hello.ts'
import { versionName } from './versions.ts'

type Plain = Record<string, unknown>

/** The client's half as plain JSON values; undefined where nothing of it was seen. docs/protocols/tls.md gives every field. */
export function clientFacts(handshake: Handshake): object | undefined {
  const side = handshake.sides[CLIENT]
  const hello = handshake.clientHello
  if (hello === undefined && side.recordVersion === 0) return undefined
  return withoutUndefined({
    kind: 'handshake',
    recordVersion: hello?.ssl2 ? 'SSL 2.0' : versionName(side.recordVersion),
    ...(hello !== undefined && helloFacts(hello)),
    afterRetry: handshake.retriedHello === undefined ? undefined : retriedFacts(handshake.retriedHello),
    certificate: certificateFacts(side.certificates),
    certificateVerify: handshake.certificateVerify || undefined,
    signatureAlgorithm: schemeName(side.signatureScheme),
    falseStart: handshake.falseStart || undefined,
    earlyDataSent: handshake.earlyData.records > 0
      ? { records: handshake.earlyData.records, bytes: handshake.earlyData.bytes }
      : undefined,
    renegotiation: handshake.renegotiation || undefined,
    clientFlight: handshake.clientFlight,
    finished: finishedOf(handshake, CLIENT),
    alerts: side.alerts.length > 0 ? side.alerts : undefined,
  })
}

function helloFacts(hello: ClientHello): Plain {
  return {
    bytes: hello.bytes,
    legacyVersion: versionName(hello.legacyVersion),
    versions: (hello.versions ?? [hello.legacyVersion]).map(versionName),
    sni: hello.serverName,
    alpn: hello.alpn,
    cipherSuites: hello.suites.map((suite) => ssl2SuiteName(suite) ?? CIPHER_SUITES.name(suite)),
    compression: hello.ssl2 ? undefined : hello.compressions.map(compressionName),
    groups: hello.groups && GROUPS.names(hello.groups),
    keyShares: hello.keyShares && GROUPS.names(hello.keyShares),
    postQuantum: hello.groups?.some(isPostQuantum) ?? false,
    signatureAlgorithms: hello.signatureSchemes?.map(signatureSchemeName),
    signatureAlgorithmsCert: hello.signatureSchemesCert?.map(signatureSchemeName),
    pointFormats: hello.pointFormats?.map(pointFormatName),
    extensions: hello.ssl2 ? undefined : ext.EXTENSIONS.names(hello.extensions),
    ...resumptionOffers(hello),
    ...flagsOf(hello),
    random: hexOf(hello.random),
    ja3: hello.ssl2 ? undefined : ja3(hello),
    ja4: hello.ssl2 ? undefined : ja4(hello),
  }
}

function resumptionOffers(hello: ClientHello): Plain {
  return {
    sessionIdBytes: hello.sessionId.length,
    sessionTicketBytes: hello.ticketBytes,
    pskIdentities: hello.has(ext.PRE_SHARED_KEY) ? hello.pskIdentities : undefined,
    pskModes: hello.pskModes?.map(pskModeName),
    earlyData: hello.has(ext.EARLY_DATA) || undefined,
  }
}

function flagsOf(hello: ClientHello): Plain {
  return {
    encryptedClientHello: hello.ech,
    renegotiationInfo: hello.renegotiationInfo,
    extendedMasterSecret: hello.has(ext.EXTENDED_MASTER_SECRET),
    encryptThenMac: hello.has(ext.ENCRYPT_THEN_MAC) || undefined,
    statusRequest: hello.has(ext.STATUS_REQUEST) || undefined,
    certificateTransparency: hello.has(ext.SIGNED_CERTIFICATE_TIMESTAMP) || undefined,
    certificateCompression: hello.certificateCompressions?.map(certificateCompressionName),
    postHandshakeAuth: hello.has(ext.POST_HANDSHAKE_AUTH) || undefined,
    recordSizeLimit: hello.recordSizeLimit,
    maxFragmentLength: hello.maxFragmentLength,
    fallback: hello.fallback || undefined,
    grease: hello.grease,
  }
}

function retriedFacts(hello: ClientHello): Plain {
  return withoutUndefined({
    keyShares: hello.keyShares && GROUPS.names(hello.keyShares),
    cookieBytes: hello.cookieBytes,
    pskIdentities: hello.has(ext.PRE_SHARED_KEY) ? hello.pskIdentities : undefined,
  })
}

/** The server's half, likewise. */
export function serverFacts(handshake: Handshake): object | undefined {
  const side = handshake.sides[SERVER]
  const hello = handshake.serverHello
  if (hello === undefined && side.recordVersion === 0 && !handshake.ssl2) return undefined
  return withoutUndefined({
    kind: 'handshake',
    recordVersion: handshake.ssl2 ? 'SSL 2.0' : versionName(side.recordVersion),
    version: handshake.version === undefined ? undefined : versionName(handshake.version),
    retry: handshake.retry === undefined ? undefined : retryFacts(handshake.retry),
    ...(hello !== undefined && chosenFacts(handshake, hello)),
    certificate: certificateFacts(side.certificates),
    certificateRequested: certificateRequested(handshake),
    certificateRequest: requestFacts(handshake),
    ocspStapled: handshake.ocspStapled || undefined,
    ticket: handshake.ticket,
    serverFlight: handshake.serverFlight,
    finished: finishedOf(handshake, SERVER),
    handshakeMicros: handshakeMicros(handshake),
    alerts: side.alerts.length > 0 ? side.alerts : undefined,
  })
}

function chosenFacts(handshake: Handshake, hello: ServerHello): Plain {
  const group = hello.group ?? handshake.keyExchange?.group
  const scheme = handshake.keyExchange?.signatureScheme ?? handshake.sides[SERVER].signatureScheme
  const encrypted = handshake.encryptedExtensions
  return {
    legacyVersion: versionName(hello.legacyVersion),
    cipherSuite: CIPHER_SUITES.name(hello.suite),
    keyExchange: keyExchangeOf(hello.suite),
    group: group === undefined ? undefined : GROUPS.name(group),
    postQuantum: group === undefined ? undefined : isPostQuantum(group),
    primeBits: handshake.keyExchange?.primeBits,
    signatureAlgorithm: schemeName(scheme),
    alpn: encrypted?.alpn ?? hello.alpn,
    earlyDataAccepted: encrypted !== undefined && handshake.earlyDataOffered ? encrypted.earlyData : undefined,
    compression: compressionName(hello.compression),
    sessionIdBytes: hello.sessionId.length,
    resumed: handshake.resumed,
    resumption: handshake.resumption,
    selectedPsk: hello.selectedPsk,
    extensions: ext.EXTENSIONS.names(hello.extensions),
    encryptedExtensions: encrypted && ext.EXTENSIONS.names(encrypted.extensions),
    renegotiationInfo: handshake.tls13 ? undefined : hello.has(ext.RENEGOTIATION_INFO),
    extendedMasterSecret: handshake.tls13 ? undefined : hello.has(ext.EXTENDED_MASTER_SECRET),
    encryptThenMac: hello.has(ext.ENCRYPT_THEN_MAC) || undefined,
    downgrade: (!handshake.tls13 && hello.downgrade) || undefined,
    random: hexOf(hello.random),
    ja3s: ja3s(hello),
    ...(handshake.tls13 && { finishedRecordBytes: finishedRecordBytes(hello.suite), alertRecordBytes: alertRecordBytes(hello.suite) }),
  }
}

function retryFacts(retry: ServerHello): Plain {
  return withoutUndefined({ group: retry.group === undefined ? undefined : GROUPS.name(retry.group), cookieBytes: retry.cookieBytes })
}

/** Under TLS 1.3 the request is encrypted, and nothing is known where that is not read; before, it is in the clear and its absence says no. */
function certificateRequested(handshake: Handshake): boolean | undefined {
  if (handshake.certificateRequest !== undefined) return true
  if (handshake.serverHello === undefined || handshake.lostBytes > 0) return undefined
  if (handshake.tls13) return handshake.sides[SERVER].finished ? false : undefined
  return handshake.serverHelloDone || handshake.abbreviated === true ? false : undefined
}

function requestFacts(handshake: Handshake): Plain | undefined {
  const request = handshake.certificateRequest
  if (request === undefined) return undefined
  return withoutUndefined({
    types: request.types?.map(certificateTypeName),
    signatureAlgorithms: request.signatureSchemes?.map(signatureSchemeName),
    authorities: request.authorities,
    authoritiesCount: request.authoritiesCount,
  })
}

/** `chainLength` 0: the message was sent and is empty, that is, the client has none to show. */
function certificateFacts(list: CertificateList | undefined): Plain | undefined {
  if (list === undefined) return undefined
  const [leaf, ...chain] = list.ders
  return withoutUndefined({
    chainLength: list.chainLength,
    leaf: leaf === undefined ? undefined : describeCertificate(leaf),
    chain: chain.length > 0 ? chain.map(describeCertificate) : undefined,
  })
}

/** Whether the side's Finished was seen, as an encrypted record; under TLS 1.3 it must be decrypted to be told from others. */
function finishedOf(handshake: Handshake, side: Side): boolean | undefined {
  return (handshake.tls13 && !handshake.decrypted) || handshake.serverHello === undefined ? undefined : handshake.sides[side].finished
}

/** From the ClientHello to the last record of the handshake. */
function handshakeMicros(handshake: Handshake): number | undefined {
  if (handshake.helloMicros < 0 || !handshake.complete) return undefined
  const flight = handshake.clientFlight
  const end = flight === undefined || handshake.decrypted ? handshake.overMicros : handshake.sides[CLIENT].opaque.times[flight.records - 1] ?? -1
  return end < 0 ? undefined : end - handshake.helloMicros
}

function schemeName(scheme: number | undefined): string | undefined {
  return scheme === undefined ? undefined : signatureSchemeName(scheme)
}

function hexOf(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
