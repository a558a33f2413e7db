/** Where tshark 4.0 has another word than IANA's registries, or only the number of what was registered later. */
const WORDS: Record<string, string> = {
  'SHA224 ECDSA': 'ecdsa_sha224', 'SHA224 RSA': 'rsa_sha224', 'SHA224 DSA': 'dsa_sha224',
  'SHA256 DSA': 'dsa_sha256', 'SHA384 DSA': 'dsa_sha384', 'SHA512 DSA': 'dsa_sha512', 'SHA1 DSA': 'dsa_sha1', 'MD5 RSA': 'rsa_md5',
  '0x11ec': 'X25519MLKEM768', '0x0904': 'mldsa44', '0x0905': 'mldsa65', '0x0906': 'mldsa87',
  '0x081a': 'ecdsa_brainpoolP256r1tls13_sha256', '0x081b': 'ecdsa_brainpoolP384r1tls13_sha384', '0x081c': 'ecdsa_brainpoolP512r1tls13_sha512',
}

/** Short names of RFC 4514 for the attributes of distinguished names. */
const ATTRIBUTES: Record<string, string> = {
  countryName: 'C', organizationName: 'O', organizationalUnitName: 'OU', commonName: 'CN', localityName: 'L', stateOrProvinceName: 'ST',
  streetAddress: 'street', serialNumber: 'serialNumber', emailAddress: 'emailAddress',
}

export function wordOf(tshark: string): string {
  return WORDS[tshark] ?? tshark
}

/** `Handshake Failure` is `handshake_failure` in RFC 8446. */
export function alertWord(tshark: string): string {
  return tshark.toLowerCase().replaceAll(' ', '_')
}

export function attributeText(tshark: string): string {
  const equals = tshark.indexOf('=')
  const name = tshark.slice(0, equals)
  return `${ATTRIBUTES[name] ?? name}=${tshark.slice(equals + 1)}`
}
