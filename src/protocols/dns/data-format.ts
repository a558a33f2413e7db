import { formatAddress } from './address-text.ts'
import { rcodeName, typeName } from './codes.ts'
import type { DataReader } from './data-reader.ts'
import { base32Hex, dashed, groups, timeText } from './encodings.ts'

/** One field of a record's data, as its presentation form shows it; undefined shows nothing. */
type Field = (r: DataReader) => string | undefined

const FIELDS: Record<string, Field> = {
  1: (r) => String(r.number(1)),
  2: (r) => String(r.number(2)),
  4: (r) => String(r.number(4)),
  6: (r) => String(r.number(6)),
  name: (r) => r.name(),
  string: (r) => r.string(),
  strings: (r) => {
    const list: string[] = []
    while (r.left > 0 && !r.failed) list.push(r.string())
    return list.join(' ')
  },
  ip4: (r) => formatAddress(r.take(4)),
  ip6: (r) => formatAddress(r.take(16)),
  hex: (r) => r.rest().toString('hex'),
  base64: (r) => r.rest().toString('base64'),
  /** All that is left, in quotes. */
  quoted: (r) => quotedRest(r),
  time: (r) => timeText(r.number(4)),
  type: (r) => typeName(r.number(2)),
  rcode: (r) => { const code = r.number(2); return code === 16 ? 'BADSIG' : rcodeName(code) },
  /** With a length of one byte; `-` where it is empty. */
  salt: (r) => r.take(r.number(1)).toString('hex') || '-',
  hash: (r) => base32Hex(r.take(r.number(1))),
  /** With a length of two bytes; empty ones are not shown. */
  sized64: (r) => r.take(r.number(2)).toString('base64') || undefined,
  bitmap: (r) => bitmap(r),
  dashed: (r) => dashed(r.rest()),
  groups: (r) => groups(r.take(8)),
}

/** The flags of NAPTR and the like come as strings; names of kinds in the order of the wire. */
const FORMATS: Record<string, string> = {
  A: 'ip4', AAAA: 'ip6', NS: 'name', MD: 'name', MF: 'name', CNAME: 'name', DNAME: 'name', PTR: 'name', MB: 'name', MG: 'name', MR: 'name', 'NSAP-PTR': 'name',
  SOA: 'name name 4 4 4 4 4', MX: '2 name', RT: '2 name', AFSDB: '2 name', KX: '2 name', LP: '2 name', PX: '2 name name', RP: 'name name', MINFO: 'name name',
  TALINK: 'name name', SRV: '2 2 2 name', NAPTR: '2 2 string string string name', URI: '2 2 quoted',
  TXT: 'strings', SPF: 'strings', AVC: 'strings', NINFO: 'strings', RESINFO: 'strings', WALLET: 'strings', CLA: 'strings', HINFO: 'string string', X25: 'string',
  ISDN: 'strings', GPOS: 'string string string', NSAP: 'hex', CAA: '1 tag quoted',
  DS: '2 1 1 hex', CDS: '2 1 1 hex', DLV: '2 1 1 hex', TA: '2 1 1 hex', DNSKEY: '2 1 1 base64', CDNSKEY: '2 1 1 base64', KEY: '2 1 1 base64', RKEY: '2 1 1 base64',
  RRSIG: 'type 1 1 4 time time 2 name base64', SIG: 'type 1 1 4 time time 2 name base64', NSEC: 'name bitmap', NSEC3: '1 1 2 salt hash bitmap', NSEC3PARAM: '1 1 2 salt',
  CSYNC: '4 2 bitmap', ZONEMD: '4 1 1 hex', TLSA: '1 1 1 hex', SMIMEA: '1 1 1 hex', SSHFP: '1 1 hex', CERT: '2 2 1 base64', OPENPGPKEY: 'base64', DHCID: 'base64',
  HHIT: 'base64', BRID: 'base64', EUI48: 'dashed', EUI64: 'dashed', NID: '2 groups', L64: '2 groups', L32: '2 ip4', DSYNC: 'type 1 2 name',
  TSIG: 'name 6 2 sized64 2 rcode sized64', TKEY: 'name time time 2 rcode sized64 sized64',
}

const tag: Field = (r) => {
  const text = r.string()
  return text.slice(1, -1)
}

const compiled = new Map<string, readonly Field[]>()

function fieldsOf(type: string): readonly Field[] | undefined {
  const known = compiled.get(type)
  if (known !== undefined) return known
  const format = FORMATS[type]
  if (format === undefined) return undefined
  const fields = format.split(' ').map((word) => word === 'tag' ? tag : FIELDS[word]!)
  compiled.set(type, fields)
  return fields
}

/** The data in its presentation form, field by field; undefined where the type is not in the table. */
export function formattedData(type: string, r: DataReader): string | undefined {
  const fields = fieldsOf(type)
  if (fields === undefined) return undefined
  const parts: string[] = []
  for (const field of fields) {
    const text = field(r)
    if (text !== undefined && text !== '') parts.push(text)
  }
  return parts.join(' ')
}

function quotedRest(r: DataReader): string {
  const bytes = r.rest()
  return `"${bytes.toString('latin1').replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, (c) => '\\' + String(c.charCodeAt(0)).padStart(3, '0'))}"`
}

/** Windows of types (RFC 4034 §4.1.2). */
function bitmap(r: DataReader): string {
  const names: string[] = []
  while (r.left > 0 && !r.failed) {
    const window = r.number(1)
    const bits = r.take(r.number(1))
    for (let i = 0; i < bits.length * 8; i++) {
      if ((bits[i >> 3]! & 0x80 >> (i & 7)) !== 0) names.push(typeName(window * 256 + i))
    }
  }
  return names.join(' ')
}
