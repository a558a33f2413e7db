// Names of numbers as IANA registers them: https://www.iana.org/assignments/dns-parameters

const TYPES: Record<number, string> = {
  1: 'A', 2: 'NS', 3: 'MD', 4: 'MF', 5: 'CNAME', 6: 'SOA', 7: 'MB', 8: 'MG', 9: 'MR', 10: 'NULL', 11: 'WKS', 12: 'PTR', 13: 'HINFO', 14: 'MINFO',
  15: 'MX', 16: 'TXT', 17: 'RP', 18: 'AFSDB', 19: 'X25', 20: 'ISDN', 21: 'RT', 22: 'NSAP', 23: 'NSAP-PTR', 24: 'SIG', 25: 'KEY', 26: 'PX',
  27: 'GPOS', 28: 'AAAA', 29: 'LOC', 30: 'NXT', 31: 'EID', 32: 'NIMLOC', 33: 'SRV', 34: 'ATMA', 35: 'NAPTR', 36: 'KX', 37: 'CERT', 38: 'A6',
  39: 'DNAME', 40: 'SINK', 41: 'OPT', 42: 'APL', 43: 'DS', 44: 'SSHFP', 45: 'IPSECKEY', 46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 49: 'DHCID',
  50: 'NSEC3', 51: 'NSEC3PARAM', 52: 'TLSA', 53: 'SMIMEA', 55: 'HIP', 56: 'NINFO', 57: 'RKEY', 58: 'TALINK', 59: 'CDS', 60: 'CDNSKEY',
  61: 'OPENPGPKEY', 62: 'CSYNC', 63: 'ZONEMD', 64: 'SVCB', 65: 'HTTPS', 66: 'DSYNC', 67: 'HHIT', 68: 'BRID', 99: 'SPF', 104: 'NID', 105: 'L32',
  106: 'L64', 107: 'LP', 108: 'EUI48', 109: 'EUI64', 128: 'NXNAME', 249: 'TKEY', 250: 'TSIG', 251: 'IXFR', 252: 'AXFR', 253: 'MAILB', 254: 'MAILA', 255: 'ANY',
  256: 'URI', 257: 'CAA', 258: 'AVC', 259: 'DOA', 260: 'AMTRELAY', 261: 'RESINFO', 262: 'WALLET', 263: 'CLA', 264: 'IPN', 32768: 'TA', 32769: 'DLV',
}
const CLASSES: Record<number, string> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' }
const OPCODES: Record<number, string> = { 0: 'QUERY', 1: 'IQUERY', 2: 'STATUS', 4: 'NOTIFY', 5: 'UPDATE', 6: 'DSO' }
const RCODES: Record<number, string> = {
  0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED', 6: 'YXDOMAIN', 7: 'YXRRSET', 8: 'NXRRSET', 9: 'NOTAUTH',
  10: 'NOTZONE', 11: 'DSOTYPENI', 16: 'BADVERS', 17: 'BADKEY', 18: 'BADTIME', 19: 'BADMODE', 20: 'BADNAME', 21: 'BADALG', 22: 'BADTRUNC', 23: 'BADCOOKIE',
}
const OPTIONS: Record<number, string> = {
  1: 'LLQ', 2: 'UPDATE-LEASE', 3: 'NSID', 5: 'DAU', 6: 'DHU', 7: 'N3U', 8: 'ECS', 9: 'EXPIRE', 10: 'COOKIE', 11: 'KEEPALIVE', 12: 'PADDING', 13: 'CHAIN',
  14: 'KEY-TAG', 15: 'EDE', 16: 'CLIENT-TAG', 17: 'SERVER-TAG', 18: 'REPORT-CHANNEL', 19: 'ZONEVERSION', 20292: 'UMBRELLA', 26946: 'DEVICEID',
}
/** Extended DNS errors (RFC 8914 §4 and later). */
const ERRORS: Record<number, string> = {
  0: 'Other', 1: 'Unsupported DNSKEY Algorithm', 2: 'Unsupported DS Digest Type', 3: 'Stale Answer', 4: 'Forged Answer', 5: 'DNSSEC Indeterminate',
  6: 'DNSSEC Bogus', 7: 'Signature Expired', 8: 'Signature Not Yet Valid', 9: 'DNSKEY Missing', 10: 'RRSIGs Missing', 11: 'No Zone Key Bit Set',
  12: 'NSEC Missing', 13: 'Cached Error', 14: 'Not Ready', 15: 'Blocked', 16: 'Censored', 17: 'Filtered', 18: 'Prohibited', 19: 'Stale NXDOMAIN Answer',
  20: 'Not Authoritative', 21: 'Not Supported', 22: 'No Reachable Authority', 23: 'Network Error', 24: 'Invalid Data', 25: 'Signature Expired before Valid',
  26: 'Too Early', 27: 'Unsupported NSEC3 Iterations Value', 28: 'Unable to conform to policy', 29: 'Synthesized', 30: 'Invalid Query Type',
}

/** The types from 0 on: a table with holes as wide as that of all is slow. */
const COMMON_TYPES: readonly (string | undefined)[] = Array.from({ length: 264 }, (_, type) => TYPES[type])

/** `TYPE65400` where it has no name (RFC 3597 §5). */
export function typeName(type: number): string {
  return (type < COMMON_TYPES.length ? COMMON_TYPES[type] : TYPES[type]) ?? `TYPE${type}`
}

export function isKnownType(type: number): boolean {
  return (type < COMMON_TYPES.length ? COMMON_TYPES[type] : TYPES[type]) !== undefined
}

export function className(value: number): string {
  return CLASSES[value] ?? `CLASS${value}`
}

export function isKnownClass(value: number): boolean {
  return CLASSES[value] !== undefined
}

export function opcodeName(opcode: number): string {
  return OPCODES[opcode] ?? `OPCODE${opcode}`
}

export function isKnownOpcode(opcode: number): boolean {
  return OPCODES[opcode] !== undefined
}

/** 16 is BADVERS in a header with OPT and BADSIG in a TSIG (RFC 6895 §2.3). */
export function rcodeName(rcode: number): string {
  return RCODES[rcode] ?? `RCODE${rcode}`
}

export function optionName(code: number): string {
  return OPTIONS[code] ?? `OPTION${code}`
}

export function extendedErrorName(code: number): string {
  return ERRORS[code] ?? `EDE${code}`
}
