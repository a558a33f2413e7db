import { MtlscopeError } from '../../base/errors.ts'
import { allocateAt, bytesAt, freeAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import type { TlsPlan } from '../sidecar-plan.ts'
import type { TlsMaterial } from './relay.ts'
import { TUNNEL_PROTOCOL } from '../../model/tunnel-protocol.ts'
import { alpnCallback, protocolList } from './tls-offers.ts'
import { rememberVerifiedChains } from './verified-chains.ts'

/** SSL_CTX of the four uses, each with the same key, chain and anchors. Addresses; see sys/openssl.ts. */
export interface TlsContexts {
  /** A client certificate is required. */
  readonly mtlsServer: number
  /** None is asked for. */
  readonly tlsServer: number
  /** Asked for, and verified where one is shown. */
  readonly permissiveServer: number
  readonly client: number
  readonly groupsLeftOut: readonly string[]
  /** Connections that have one of these keep it alive by themselves. */
  release(): void
}

export interface TlsContextsInput {
  readonly material: TlsMaterial
  readonly tls: TlsPlan
  /** TICKET_KEY_BYTES of chance, the same for all threads, so that each can resume what another began. */
  readonly ticketKeys: Uint8Array
  /** Whether clients that ask for it get a tunnel. */
  readonly tunnel: boolean
}

/** As many as SSL_CTX_set_tlsext_ticket_keys wants: a name of 16, an HMAC key of 32, an AES key of 32. */
export const TICKET_KEY_BYTES = 80
/** A client's certificates; OpenSSL's own limit is 100 KiB. */
const MAX_CHAIN_BYTES = 32 * 1024
/** AES-128 first: the bulk costs a seventh less than with 256 bits. */
const CIPHER_SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** For TLS 1.2: forward secrecy and AEAD only. */
const CIPHERS_1_2 = 'ECDHE+AESGCM:ECDHE+CHACHA20'
/** How long a session may be resumed, and so how long ago a certificate may have been verified. */
const SESSION_SECONDS = 3600
/** What one read of a socket fetches at most: some records of 16 KiB. */
export const READ_BUFFER_BYTES = 64 * 1024 + 512

/** Throws 'bad-identity' where the PEM texts cannot be used. */
export function openTlsContexts(input: TlsContextsInput): TlsContexts {
  const opened: number[] = []
  const forget: (() => void)[] = []
  const open = (verify: number | undefined): number => {
    const context = newContext(input)
    opened.push(context)
    forget.push(rememberVerifiedChains(context))
    if (verify === undefined) prepareClient(context, input.tls)
    else prepareServer(context, input, verify)
    return context
  }
  const release = (): void => {
    for (const context of opened.splice(0)) ssl.SSL_CTX_free(context)
    for (const end of forget.splice(0)) end()
  }
  try {
    const mtlsServer = open(ssl.SSL_VERIFY_PEER | ssl.SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
    const contexts = { mtlsServer, tlsServer: open(0), permissiveServer: open(ssl.SSL_VERIFY_PEER), client: open(undefined) }
    const groupsLeftOut = opened.map((context) => setGroups(context, input.tls.groups))[0]
    return { ...contexts, groupsLeftOut, release }
  } catch (error) {
    release()
    throw error
  }
}

function newContext({ material, tls }: TlsContextsInput): number {
  const context = ssl.SSL_CTX_new(ssl.TLS_method())
  if (context === 0) throw broken('cannot set up TLS')
  const modes = ssl.SSL_MODE_ENABLE_PARTIAL_WRITE | ssl.SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | ssl.SSL_MODE_NO_AUTO_CHAIN | ssl.SSL_MODE_RELEASE_BUFFERS
  ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_MODE, modes, 0)
  ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_READ_AHEAD, 1, 0)
  ssl.SSL_CTX_set_default_read_buffer_len(context, READ_BUFFER_BYTES)
  ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_MIN_PROTO_VERSION, tls.minVersion === '1.2' ? ssl.TLS1_2_VERSION : ssl.TLS1_3_VERSION, 0)
  ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_MAX_CERT_LIST, MAX_CHAIN_BYTES, 0)
  ssl.SSL_CTX_set_options(context, ssl.SSL_OP_NO_COMPRESSION | ssl.SSL_OP_CIPHER_SERVER_PREFERENCE | ssl.SSL_OP_NO_RENEGOTIATION | (tls.resumption ? 0 : ssl.SSL_OP_NO_TICKET))
  ssl.SSL_CTX_set_options(context, ssl.SSL_OP_NO_CERTIFICATE_COMPRESSION)
  ssl.SSL_CTX_set_ciphersuites(context, CIPHER_SUITES)
  ssl.SSL_CTX_set_cipher_list(context, CIPHERS_1_2)
  ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_SESS_CACHE_MODE, 0, 0)
  ssl.SSL_CTX_set_timeout(context, SESSION_SECONDS)
  try {
    useMaterial(context, material)
  } catch (error) {
    ssl.SSL_CTX_free(context)
    throw error
  }
  return context
}

function prepareServer(context: number, { tls, ticketKeys, tunnel }: TlsContextsInput, verify: number): void {
  ssl.SSL_CTX_set_verify(context, verify, 0)
  ssl.SSL_CTX_set_num_tickets(context, tls.resumption ? 1 : 0)
  // A ticket of a server that asks for no certificate must not open one that does.
  const id = Buffer.from(`mtlscope ${verify}`)
  ssl.SSL_CTX_set_session_id_context(context, id, id.length)
  withCopy(ticketKeys, (address) => ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_TLSEXT_TICKET_KEYS, TICKET_KEY_BYTES, address))
  // A tunnel has the identity of its client, so only who must show one may have it.
  const protocols = [...tunnel && (verify & ssl.SSL_VERIFY_FAIL_IF_NO_PEER_CERT) !== 0 ? [TUNNEL_PROTOCOL] : [], ...tls.alpn === '' ? [] : [tls.alpn]]
  if (protocols.length > 0) ssl.SSL_CTX_set_alpn_select_cb(context, alpnCallback(protocols), 0)
}

function prepareClient(context: number, tls: TlsPlan): void {
  ssl.SSL_CTX_set_verify(context, ssl.SSL_VERIFY_PEER, 0)
  if (tls.alpn === '') return
  const list = protocolList([tls.alpn])
  ssl.SSL_CTX_set_alpn_protos(context, list, list.length)
}

/** OpenSSL refuses a whole list for one name that it does not know, so each is tried alone first. */
function setGroups(context: number, groups: readonly string[]): string[] {
  const set = (names: string): boolean => withCopy(Buffer.from(`${names}\0`), (address) => ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_SET_GROUPS_LIST, 0, address)) === 1
  const known = groups.filter(set)
  if (known.length > 0) set(known.join(':'))
  ssl.ERR_clear_error()
  return groups.filter((group) => !known.includes(group))
}

function withCopy(bytes: Uint8Array, use: (address: number) => number): number {
  const address = allocateAt(bytes.length)
  try {
    bytesAt(address, bytes.length).set(bytes)
    return use(address)
  } finally {
    freeAt(address)
  }
}

function useMaterial(context: number, { keyPem, chainPem, bundlePem }: TlsMaterial): void {
  const [leaf, ...chain] = readCertificates(chainPem)
  const anchors = readCertificates(bundlePem)
  try {
    if (leaf === undefined) throw broken('the certificate chain holds no certificate')
    if (anchors.length === 0) throw broken('the trust bundle holds no certificate')
    if (ssl.SSL_CTX_use_certificate(context, leaf) !== 1) throw broken('the certificate cannot be used')
    // 1: OpenSSL takes a reference of its own.
    for (const certificate of chain) ssl.SSL_CTX_ctrl(context, ssl.SSL_CTRL_CHAIN_CERT, 1, certificate)
    useKey(context, keyPem)
    const store = ssl.SSL_CTX_get_cert_store(context)
    ssl.X509_STORE_set_flags(store, ssl.X509_V_FLAG_PARTIAL_CHAIN)
    for (const anchor of anchors) ssl.X509_STORE_add_cert(store, anchor)
  } finally {
    for (const certificate of [leaf, ...chain, ...anchors]) if (certificate !== undefined) ssl.X509_free(certificate)
    ssl.ERR_clear_error()
  }
}

function useKey(context: number, keyPem: string): void {
  const key = withBio(keyPem, (bio) => withCopy(Uint8Array.of(0), (empty) => ssl.readPrivateKey(bio, empty)))
  if (key === 0) throw broken('the private key cannot be read')
  try {
    if (ssl.SSL_CTX_use_PrivateKey(context, key) !== 1 || ssl.SSL_CTX_check_private_key(context) !== 1) throw broken('the private key is not that of the certificate')
  } finally {
    ssl.EVP_PKEY_free(key)
  }
}

function readCertificates(pem: string): number[] {
  return withBio(pem, (bio) => {
    const certificates: number[] = []
    for (let certificate = ssl.PEM_read_bio_X509(bio); certificate !== 0; certificate = ssl.PEM_read_bio_X509(bio)) certificates.push(certificate)
    const marked = pem.split('-----BEGIN CERTIFICATE-----').length - 1
    if (certificates.length < marked) {
      const error = broken(`certificate ${certificates.length + 1} of ${marked} cannot be read`)
      certificates.forEach(ssl.X509_free)
      throw error
    }
    ssl.ERR_clear_error()
    return certificates
  })
}

function withBio<T>(pem: string, use: (bio: number) => T): T {
  const text = Buffer.from(pem)
  // It reads where `address` points until it is freed, so the text may not be moved meanwhile.
  const address = allocateAt(text.length + 1)
  bytesAt(address, text.length + 1).set(text)
  const bio = ssl.BIO_new_mem_buf(address, text.length)
  try {
    return use(bio)
  } finally {
    ssl.BIO_free(bio)
    bytesAt(address, text.length + 1).fill(0)
    freeAt(address)
  }
}

function broken(what: string): MtlscopeError {
  const { text } = ssl.takeErrors()
  return new MtlscopeError('bad-identity', text === '' ? what : `${what}: ${text}`, { hint: 'key, chain and bundle are PEM texts; the chain starts with the certificate of the key' })
}
