import { CodePoints } from './code-points.ts'

/** IANA registry "TLS SignatureScheme". */
const SCHEMES = new CodePoints(`
0201 rsa_pkcs1_sha1
0203 ecdsa_sha1
0401 rsa_pkcs1_sha256
0403 ecdsa_secp256r1_sha256
0420 rsa_pkcs1_sha256_legacy
0501 rsa_pkcs1_sha384
0503 ecdsa_secp384r1_sha384
0520 rsa_pkcs1_sha384_legacy
0601 rsa_pkcs1_sha512
0603 ecdsa_secp521r1_sha512
0620 rsa_pkcs1_sha512_legacy
0704 eccsi_sha256 iso_ibs1 iso_ibs2 iso_chinese_ibs sm2sig_sm3 gostr34102012_256a gostr34102012_256b gostr34102012_256c
070c gostr34102012_256d gostr34102012_512a gostr34102012_512b gostr34102012_512c
0804 rsa_pss_rsae_sha256 rsa_pss_rsae_sha384 rsa_pss_rsae_sha512 ed25519 ed448 rsa_pss_pss_sha256 rsa_pss_pss_sha384 rsa_pss_pss_sha512
081a ecdsa_brainpoolP256r1tls13_sha256 ecdsa_brainpoolP384r1tls13_sha384 ecdsa_brainpoolP512r1tls13_sha512
0904 mldsa44 mldsa65 mldsa87
`)

const HASHES = ['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
const SIGNATURES = ['anonymous', 'rsa', 'dsa', 'ecdsa']

/** Name of a scheme; pairs that only TLS 1.2 has (RFC 5246 §7.4.1.4.1) as `dsa_sha256`. */
export function signatureSchemeName(scheme: number): string {
  const registered = SCHEMES.registered(scheme)
  if (registered !== undefined) return registered
  const hash = HASHES[scheme >> 8]
  const signature = SIGNATURES[scheme & 0xff]
  return hash !== undefined && signature !== undefined ? `${signature}_${hash}` : SCHEMES.name(scheme)
}
