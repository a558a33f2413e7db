import koffi from 'koffi'
import { allocateAt, bytesAt, latin1At } from './memory.ts'

/*
 * The OpenSSL that the running node carries and exports. One declaration a line, named as its man page in section 3 (openssl 3.x).
 * Objects and memory are addresses as numbers (see memory.ts); results are 32 bits except where an address comes back, once an object.
 * A failed call leaves entries in a queue of the thread, and SSL_get_error is wrong while old ones lie there: take them with `takeErrors`
 * after each failure, then nothing has to be cleared before a call.
 */
const libssl = koffi.load(null)

type Handle = number
type Raw = number | bigint

export const SSL_read: (ssl: Handle, to: number, sizeBytes: number) => number = libssl.func('int SSL_read(uint64_t ssl, uint64_t buf, int num)')
export const SSL_write: (ssl: Handle, from: number, sizeBytes: number) => number = libssl.func('int SSL_write(uint64_t ssl, uint64_t buf, int num)')
/** `RB`: the header of a record has been read, and not all of what follows it. */
export const SSL_rstate_string: (ssl: Handle) => string = libssl.func('const char *SSL_rstate_string(uint64_t ssl)')
export const SSL_has_pending: (ssl: Handle) => number = libssl.func('int SSL_has_pending(uint64_t ssl)')
export const SSL_get_error: (ssl: Handle, result: number) => number = libssl.func('int SSL_get_error(uint64_t ssl, int ret)')
export const SSL_do_handshake: (ssl: Handle) => number = libssl.func('int SSL_do_handshake(uint64_t ssl)')
export const SSL_shutdown: (ssl: Handle) => number = libssl.func('int SSL_shutdown(uint64_t ssl)')
export const SSL_free: (ssl: Handle) => void = libssl.func('void SSL_free(uint64_t ssl)')
export const SSL_set_fd: (ssl: Handle, fd: number) => number = libssl.func('int SSL_set_fd(uint64_t ssl, int fd)')
export const SSL_set_accept_state: (ssl: Handle) => void = libssl.func('void SSL_set_accept_state(uint64_t ssl)')
export const SSL_set_connect_state: (ssl: Handle) => void = libssl.func('void SSL_set_connect_state(uint64_t ssl)')
export const SSL_set_session: (ssl: Handle, session: Handle) => number = libssl.func('int SSL_set_session(uint64_t ssl, uint64_t session)')
export const SSL_session_reused: (ssl: Handle) => number = libssl.func('int SSL_session_reused(uint64_t ssl)')
export const SSL_SESSION_is_resumable: (session: Handle) => number = libssl.func('int SSL_SESSION_is_resumable(uint64_t s)')
export const SSL_SESSION_free: (session: Handle) => void = libssl.func('void SSL_SESSION_free(uint64_t s)')
const rawVersion: (ssl: Handle) => number = libssl.func('int SSL_version(uint64_t ssl)')
const rawVersionName: (ssl: Handle) => string = libssl.func('const char *SSL_get_version(uint64_t ssl)')
export const SSL_set_verify: (ssl: Handle, mode: number, callback: Handle) => void = libssl.func('void SSL_set_verify(uint64_t ssl, int mode, uint64_t callback)')
export const SSL_CTX_free: (context: Handle) => void = libssl.func('void SSL_CTX_free(uint64_t ctx)')
export const SSL_CTX_ctrl: (context: Handle, command: number, value: number, pointer: number) => number = libssl.func('int SSL_CTX_ctrl(uint64_t ctx, int cmd, long larg, uint64_t parg)')
export const SSL_ctrl: (ssl: Handle, command: number, value: number, pointer: number) => number = libssl.func('int SSL_ctrl(uint64_t ssl, int cmd, long larg, uint64_t parg)')
export const SSL_CTX_set_options: (context: Handle, options: number) => number = libssl.func('int SSL_CTX_set_options(uint64_t ctx, uint64_t options)')
export const SSL_CTX_set_verify: (context: Handle, mode: number, callback: Handle) => void = libssl.func('void SSL_CTX_set_verify(uint64_t ctx, int mode, uint64_t callback)')
export const SSL_CTX_set_num_tickets: (context: Handle, count: number) => number = libssl.func('int SSL_CTX_set_num_tickets(uint64_t ctx, size_t num_tickets)')
export const SSL_CTX_set_timeout: (context: Handle, seconds: number) => number = libssl.func('long SSL_CTX_set_timeout(uint64_t ctx, long t)')
export const SSL_CTX_set_default_read_buffer_len: (context: Handle, sizeBytes: number) => void = libssl.func('void SSL_CTX_set_default_read_buffer_len(uint64_t ctx, size_t len)')
export const SSL_CTX_set_ciphersuites: (context: Handle, names: string) => number = libssl.func('int SSL_CTX_set_ciphersuites(uint64_t ctx, const char *str)')
export const SSL_CTX_set_cipher_list: (context: Handle, names: string) => number = libssl.func('int SSL_CTX_set_cipher_list(uint64_t ctx, const char *str)')
export const SSL_CTX_set_alpn_protos: (context: Handle, protocols: Uint8Array, sizeBytes: number) => number = libssl.func('int SSL_CTX_set_alpn_protos(uint64_t ctx, const void *protos, unsigned int protos_len)')
export const SSL_CTX_set_session_id_context: (context: Handle, id: Uint8Array, sizeBytes: number) => number = libssl.func('int SSL_CTX_set_session_id_context(uint64_t ctx, const void *sid_ctx, unsigned int sid_ctx_len)')
export const SSL_CTX_use_certificate: (context: Handle, certificate: Handle) => number = libssl.func('int SSL_CTX_use_certificate(uint64_t ctx, uint64_t x)')
export const SSL_CTX_use_PrivateKey: (context: Handle, key: Handle) => number = libssl.func('int SSL_CTX_use_PrivateKey(uint64_t ctx, uint64_t pkey)')
export const SSL_CTX_check_private_key: (context: Handle) => number = libssl.func('int SSL_CTX_check_private_key(uint64_t ctx)')
export const SSL_set_alpn_protos: (connection: Handle, protocols: Uint8Array, sizeBytes: number) => number = libssl.func('int SSL_set_alpn_protos(uint64_t ssl, const void *protos, unsigned int protos_len)')
const rawAlpnSelected: (ssl: Handle, name: Handle, sizeBytes: Handle) => void = libssl.func('void SSL_get0_alpn_selected(uint64_t ssl, uint64_t data, uint64_t len)')
export const SSL_CTX_set_alpn_select_cb: (context: Handle, callback: bigint, argument: number) => void = libssl.func('void SSL_CTX_set_alpn_select_cb(uint64_t ctx, void *cb, uint64_t arg)')
export const X509_STORE_add_cert: (store: Handle, certificate: Handle) => number = libssl.func('int X509_STORE_add_cert(uint64_t xs, uint64_t x)')
export const X509_STORE_set_flags: (store: Handle, flags: number) => number = libssl.func('int X509_STORE_set_flags(uint64_t xs, unsigned long flags)')
export const X509_free: (certificate: Handle) => void = libssl.func('void X509_free(uint64_t a)')
export const X509_cmp_current_time: (time: Handle) => number = libssl.func('int X509_cmp_current_time(uint64_t asn1_time)')
export const X509_NAME_get_text_by_NID: (name: Handle, nid: number, to: number, sizeBytes: number) => number = libssl.func('int X509_NAME_get_text_by_NID(uint64_t name, int nid, uint64_t buf, int len)')
export const SSL_get_verify_result: (ssl: Handle) => number = libssl.func('long SSL_get_verify_result(uint64_t ssl)')
export const X509_verify_cert_error_string: (code: number) => string = libssl.func('const char *X509_verify_cert_error_string(long n)')
export const X509_verify_cert: (verification: Handle) => number = libssl.func('int X509_verify_cert(uint64_t ctx)')
/** The length of the DER; written where the pointer at `to` points, which is moved behind it, unless `to` is 0. */
export const i2d_X509: (certificate: Handle, to: number) => number = libssl.func('int i2d_X509(uint64_t a, uint64_t pp)')
export const SSL_CTX_set_cert_verify_callback: (context: Handle, callback: bigint, argument: number) => void = libssl.func('void SSL_CTX_set_cert_verify_callback(uint64_t ctx, void *cb, uint64_t arg)')
export const EVP_PKEY_free: (key: Handle) => void = libssl.func('void EVP_PKEY_free(uint64_t key)')
/** `fd` is not closed with it where `closeFlag` is 0. */
const rawSocketBio: (fd: number, closeFlag: number) => Raw = libssl.func('uint64_t BIO_new_socket(int sock, int close_flag)')
const rawBufferMethod: () => Raw = libssl.func('uint64_t BIO_f_buffer(void)')
const rawBioNew: (method: Handle) => Raw = libssl.func('uint64_t BIO_new(uint64_t type)')
const rawBioPush: (bio: Handle, next: Handle) => Raw = libssl.func('uint64_t BIO_push(uint64_t b, uint64_t next)')
const rawWriteBio: (ssl: Handle) => Raw = libssl.func('uint64_t SSL_get_wbio(uint64_t ssl)')
const rawReadBio: (ssl: Handle) => Raw = libssl.func('uint64_t SSL_get_rbio(uint64_t ssl)')
const rawPending: (bio: Handle) => Raw = libssl.func('uint64_t BIO_ctrl_pending(uint64_t b)')
const BIO_up_ref: (bio: Handle) => number = libssl.func('int BIO_up_ref(uint64_t a)')
const SSL_set0_rbio: (ssl: Handle, bio: Handle) => void = libssl.func('void SSL_set0_rbio(uint64_t s, uint64_t rbio)')
export const BIO_free: (bio: Handle) => number = libssl.func('int BIO_free(uint64_t a)')
export const GENERAL_NAMES_free: (names: Handle) => void = libssl.func('void GENERAL_NAMES_free(uint64_t names)')
export const OPENSSL_sk_num: (stack: Handle) => number = libssl.func('int OPENSSL_sk_num(uint64_t st)')
export const ASN1_STRING_length: (string: Handle) => number = libssl.func('int ASN1_STRING_length(uint64_t x)')
export const ERR_clear_error: () => void = libssl.func('void ERR_clear_error(void)')

const rawTlsMethod: () => Raw = libssl.func('uint64_t TLS_method(void)')
const rawContextNew: (method: Handle) => Raw = libssl.func('uint64_t SSL_CTX_new(uint64_t method)')
const rawSslNew: (context: Handle) => Raw = libssl.func('uint64_t SSL_new(uint64_t ctx)')
const rawGet1Session: (ssl: Handle) => Raw = libssl.func('uint64_t SSL_get1_session(uint64_t ssl)')
const rawPeerCertificate: (ssl: Handle) => Raw = libssl.func('uint64_t SSL_get0_peer_certificate(uint64_t ssl)')
const rawCurrentCipher: (ssl: Handle) => Raw = libssl.func('uint64_t SSL_get_current_cipher(uint64_t ssl)')
const rawCipherName: (cipher: Handle) => string = libssl.func('const char *SSL_CIPHER_get_name(uint64_t cipher)')
const rawStoreOf: (context: Handle) => Raw = libssl.func('uint64_t SSL_CTX_get_cert_store(uint64_t ctx)')
const rawBioOf: (text: number, sizeBytes: number) => Raw = libssl.func('uint64_t BIO_new_mem_buf(uint64_t buf, int len)')
const rawReadX509: (bio: Handle, to: number, callback: number, argument: number) => Raw = libssl.func('uint64_t PEM_read_bio_X509(uint64_t bp, uint64_t x, uint64_t cb, uint64_t u)')
const rawReadKey: (bio: Handle, to: number, callback: number, argument: number) => Raw = libssl.func('uint64_t PEM_read_bio_PrivateKey(uint64_t bp, uint64_t x, uint64_t cb, uint64_t u)')
const rawNotAfter: (certificate: Handle) => Raw = libssl.func('uint64_t X509_get0_notAfter(uint64_t x)')
const rawTimeDifference: (days: Int32Array, seconds: Int32Array, from: Handle, to: Handle) => number = libssl.func('int ASN1_TIME_diff(_Out_ int *pday, _Out_ int *psec, uint64_t from, uint64_t to)')
const rawVerifiedLeaf: (verification: Handle) => Raw = libssl.func('uint64_t X509_STORE_CTX_get0_cert(uint64_t ctx)')
const rawUntrusted: (verification: Handle) => Raw = libssl.func('uint64_t X509_STORE_CTX_get0_untrusted(uint64_t ctx)')
const rawVerifiedChain: (verification: Handle) => Raw = libssl.func('uint64_t X509_STORE_CTX_get0_chain(uint64_t ctx)')
const rawSubject: (certificate: Handle) => Raw = libssl.func('uint64_t X509_get_subject_name(uint64_t a)')
const rawExtension: (certificate: Handle, nid: number, critical: number, index: number) => Raw = libssl.func('uint64_t X509_get_ext_d2i(uint64_t x, int nid, uint64_t crit, uint64_t idx)')
const rawStackValue: (stack: Handle, index: number) => Raw = libssl.func('uint64_t OPENSSL_sk_value(uint64_t st, int i)')
const rawNameValue: (name: Handle, type: Int32Array) => Raw = libssl.func('uint64_t GENERAL_NAME_get0_value(uint64_t a, _Out_ int *ptype)')
const rawStringData: (string: Handle) => Raw = libssl.func('uint64_t ASN1_STRING_get0_data(uint64_t x)')
const rawNextError: () => Raw = libssl.func('uint64_t ERR_get_error(void)')
const rawReason: (code: Raw) => string | null = libssl.func('const char *ERR_reason_error_string(unsigned long e)')

export const TLS_method = (): Handle => Number(rawTlsMethod())
export const SSL_CTX_new = (method: Handle): Handle => Number(rawContextNew(method))
export const SSL_new = (context: Handle): Handle => Number(rawSslNew(context))
/** The caller frees it. */
export const SSL_get1_session = (ssl: Handle): Handle => Number(rawGet1Session(ssl))
/** 0 where the peer showed none; belongs to the connection. */
export const SSL_get0_peer_certificate = (ssl: Handle): Handle => Number(rawPeerCertificate(ssl))
export const SSL_CTX_get_cert_store = (context: Handle): Handle => Number(rawStoreOf(context))
/** Reads where the text lies: it must stay there until the BIO is freed. */
export const BIO_new_mem_buf = (address: number, sizeBytes: number): Handle => Number(rawBioOf(address, sizeBytes))
export const PEM_read_bio_X509 = (bio: Handle): Handle => Number(rawReadX509(bio, 0, 0, 0))
export const X509_get0_notAfter = (certificate: Handle): Handle => Number(rawNotAfter(certificate))
export const X509_STORE_CTX_get0_cert = (verification: Handle): Handle => Number(rawVerifiedLeaf(verification))
export const X509_STORE_CTX_get0_untrusted = (verification: Handle): Handle => Number(rawUntrusted(verification))
export const X509_STORE_CTX_get0_chain = (verification: Handle): Handle => Number(rawVerifiedChain(verification))
/** From now on, in days and seconds, which are negative for the past; 0 where `time` is none. */
export function ASN1_TIME_diff(difference: Int32Array, time: Handle): number {
  return rawTimeDifference(difference.subarray(0, 1), difference.subarray(1, 2), 0, time)
}
export const X509_get_subject_name = (certificate: Handle): Handle => Number(rawSubject(certificate))
export const X509_get_ext_d2i = (certificate: Handle, nid: number): Handle => Number(rawExtension(certificate, nid, 0, 0))
export const OPENSSL_sk_value = (stack: Handle, index: number): Handle => Number(rawStackValue(stack, index))
export const GENERAL_NAME_get0_value = (name: Handle, type: Int32Array): Handle => Number(rawNameValue(name, type))
export const ASN1_STRING_get0_data = (string: Handle): Handle => Number(rawStringData(string))

const versionNames = new Map<number, string>()

/** SSL_get_version(3): `TLSv1.3`. A text from C costs more than a number. */
export function versionName(ssl: Handle): string {
  const version = rawVersion(ssl)
  let name = versionNames.get(version)
  if (name === undefined) {
    name = rawVersionName(ssl)
    versionNames.set(version, name)
  }
  return name
}

/** Name of the cipher suite in use, as OpenSSL and PROXY protocol write it. */
export function cipherName(ssl: Handle): string {
  return rawCipherName(Number(rawCurrentCipher(ssl)))
}

/** A pointer and a length that a call fills in. */
const selected = allocateAt(16)
const selectedWords = new Uint32Array(bytesAt(selected, 16).buffer)

/** The protocol that was agreed on (RFC 7301); '' where none was. */
export function selectedProtocol(ssl: Handle): string {
  rawAlpnSelected(ssl, selected, selected + 8)
  return latin1At(selectedWords[0] + selectedWords[1] * 2 ** 32, selectedWords[2])
}

const bufferMethod = Number(rawBufferMethod())

/**
 * Puts a buffer of 4 KiB between the socket and what is read from it. OpenSSL has no read-ahead in a handshake and fetches the head and the
 * body of each record by themselves. Where there is no memory for it nothing changes.
 */
export function bufferReads(ssl: Handle, fd: number): void {
  const buffer = Number(rawBioNew(bufferMethod))
  const socket = buffer === 0 ? 0 : Number(rawSocketBio(fd, 0))
  if (socket !== 0) SSL_set0_rbio(ssl, Number(rawBioPush(buffer, socket)))
  else if (buffer !== 0) BIO_free(buffer)
}

/** Reads from the socket again, which is that of the writes; false while something is left in the buffer. */
export function unbufferReads(ssl: Handle): boolean {
  if (Number(rawPending(Number(rawReadBio(ssl)))) !== 0) return false
  const socket = Number(rawWriteBio(ssl))
  BIO_up_ref(socket)
  SSL_set0_rbio(ssl, socket)
  return true
}

/** A pass phrase would be asked for on the terminal: an empty one is given instead, so that an encrypted key fails. */
export function readPrivateKey(bio: Handle, emptyPassPhrase: number): Handle {
  return Number(rawReadKey(bio, 0, 0, emptyPassPhrase))
}

export interface QueuedError {
  /** 1000 + the alert's number where the peer sent one. */
  readonly reason: number
  /** In OpenSSL's words; empty where the queue was. */
  readonly text: string
}

const NO_ERROR: QueuedError = { reason: 0, text: '' }
/** OpenSSL keeps 16 entries a thread. */
const QUEUE_LENGTH = 16

/** Empties this thread's queue; the newest entry is the one that says what went wrong. */
export function takeErrors(): QueuedError {
  let newest: QueuedError = NO_ERROR
  for (let i = 0; i < QUEUE_LENGTH; i++) {
    const code = Number(rawNextError())
    if (code === 0) break
    // err.h: 23 bits of reason under 8 of the library; a system error has the top bit of 32 set.
    newest = { reason: code & 0x7f_ffff, text: rawReason(code) ?? `error ${code}` }
  }
  return newest
}

/** int (*)(SSL *, const unsigned char **out, unsigned char *outlen, const unsigned char *in, unsigned int inlen, void *arg) */
const alpnSelect = koffi.pointer(koffi.proto('int AlpnSelect(uint64_t ssl, uint64_t out, uint64_t outlen, uint64_t in, unsigned int inlen, uint64_t arg)'))
export type AlpnSelect = (ssl: number, out: number, outLength: number, offered: number, offeredLength: number, argument: number) => number

/** A function that OpenSSL may call, on this thread only and while it is inside a call from here; for as long as the thread lives. */
export function registerAlpnSelect(select: AlpnSelect): { address: bigint } {
  return { address: koffi.register(select, alpnSelect) as bigint }
}

/** int (*)(X509_STORE_CTX *, void *arg) */
const certVerify = koffi.pointer(koffi.proto('int CertVerify(uint64_t ctx, uint64_t arg)'))

/** As registerAlpnSelect; its result is that of X509_verify_cert. */
export function registerCertVerify(verify: (verification: number, argument: number) => number): bigint {
  return koffi.register(verify, certVerify) as bigint
}

/**
 * Sends an alert of our own choice: ssl3_send_alert, which no header declares, and which node exports because it links OpenSSL
 * into itself whole. Undefined where this node does not; then a connection is only cut.
 */
export const sendAlert = findSendAlert()

function findSendAlert(): ((ssl: Handle, level: number, description: number) => number) | undefined {
  try {
    return libssl.func('int ssl3_send_alert(uint64_t s, int level, int desc)') as (ssl: Handle, level: number, description: number) => number
  } catch {
    return undefined
  }
}

/** SSL_get_error(3) */
export const SSL_ERROR_SSL = 1
export const SSL_ERROR_WANT_READ = 2
export const SSL_ERROR_WANT_WRITE = 3
export const SSL_ERROR_SYSCALL = 5
export const SSL_ERROR_ZERO_RETURN = 6
/** Reason of SSL_ERROR_SSL: the peer's FIN came without close_notify. */
export const SSL_R_UNEXPECTED_EOF_WHILE_READING = 294
/** SSL_AD_REASON_OFFSET: reasons above it are alerts of the peer. */
export const ALERT_REASONS = 1000
/** SSL_CTX_ctrl(3), of the macros in ssl.h */
export const SSL_CTRL_MODE = 33
export const SSL_CTRL_SET_READ_AHEAD = 41
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44
export const SSL_CTRL_SET_MAX_CERT_LIST = 51
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55
export const SSL_CTRL_SET_TLSEXT_TICKET_KEYS = 59
export const SSL_CTRL_CHAIN_CERT = 89
export const SSL_CTRL_SET_GROUPS_LIST = 92
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123
export const SSL_MODE_ENABLE_PARTIAL_WRITE = 1
export const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2
/** Send the chain that was set, and do not look for more of it among the anchors. */
export const SSL_MODE_NO_AUTO_CHAIN = 8
export const SSL_MODE_RELEASE_BUFFERS = 0x10
export const SSL_OP_NO_TICKET = 1 << 14
export const SSL_OP_NO_COMPRESSION = 1 << 17
export const SSL_OP_CIPHER_SERVER_PREFERENCE = 1 << 22
export const SSL_OP_NO_RENEGOTIATION = 1 << 30
/** Beyond 32 bits: add it, do not or it. RFC 8879, which OpenSSL does anew for each handshake and with all its might. */
export const SSL_OP_NO_CERTIFICATE_COMPRESSION = 2 ** 32 + 2 ** 33
export const SSL_VERIFY_PEER = 1
export const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2
export const TLS1_2_VERSION = 0x303
export const TLS1_3_VERSION = 0x304
/** X509_VERIFY_PARAM_set_flags(3): any certificate of the bundle is an anchor, as in Go and in SPIFFE. */
export const X509_V_FLAG_PARTIAL_CHAIN = 0x80000
export const NID_COMMON_NAME = 13
export const NID_SUBJECT_ALT_NAME = 85
export const GEN_DNS = 2
export const GEN_URI = 6
