import { className, typeName } from '../../src/protocols/dns/codes.ts'
import type { Field } from './pdml.ts'
import { all, first, packetsOf } from './pdml.ts'

export interface RecordSeen { readonly name: string, readonly type: string, readonly class: string, readonly ttlSeconds: number, readonly data?: string }

/** A message in the words of the comparison. */
export interface DnsSeen {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly rcode: number
  readonly flags: string[]
  readonly questions: { readonly name: string, readonly type: string, readonly class: string }[]
  /** Of all sections, in order, without OPT. */
  readonly records: RecordSeen[]
  readonly edns?: { readonly udpPayloadBytes: number, readonly version: number, readonly dnssecOk: boolean, readonly options: number[] }
  /** Microseconds from its query, where tshark paired the two. */
  readonly elapsedMicros?: number
}

/** Fields of the data that tshark gives as they are, in the order of the presentation form. Further types are compared with the zone itself. */
const DATA: Record<string, readonly string[]> = {
  A: ['dns.a'], AAAA: ['dns.aaaa'], NS: ['dns.ns'], CNAME: ['dns.cname'], DNAME: ['dns.dname'], PTR: ['dns.ptr.domain_name'],
  MX: ['dns.mx.preference', 'dns.mx.mail_exchange'], AFSDB: ['dns.afsdb.subtype', 'dns.afsdb.hostname'], KX: ['dns.kx.preference', 'dns.kx.key_exchange'],
  SRV: ['dns.srv.priority', 'dns.srv.weight', 'dns.srv.port', 'dns.srv.target'], RP: ['dns.rp.mailbox', 'dns.rp.txt_rr'],
  SOA: ['dns.soa.mname', 'dns.soa.rname', 'dns.soa.serial_number', 'dns.soa.refresh_interval', 'dns.soa.retry_interval', 'dns.soa.expire_limit', 'dns.soa.minimum_ttl'],
  DS: ['dns.ds.key_id', 'dns.ds.algorithm', 'dns.ds.digest_type', 'dns.ds.digest'], SSHFP: ['dns.sshfp.algorithm', 'dns.sshfp.fingerprint.type', 'dns.sshfp.fingerprint'],
  TLSA: ['dns.tlsa.certificate_usage', 'dns.tlsa.selector', 'dns.tlsa.matching_type', 'dns.tlsa.certificate_association_data'],
  PX: ['dns.px.preference', 'dns.px.map822', 'dns.px.map400'], RT: ['dns.rt.subtype', 'dns.rt.intermediate_host'], MINFO: ['dns.minfo.r', 'dns.minfo.e'],
  NSEC3PARAM: ['dns.nsec3.algo', 'dns.nsec3.flags', 'dns.nsec3.iterations', 'dns.nsec3.salt_value'],
}
/** Some of them tshark names in answers only, so they are taken out of the number. */
const FLAGS: Record<string, number> = {
  authoritative: 0x400, truncated: 0x200, recursionDesired: 0x100, recursionAvailable: 0x80, reserved: 0x40, authenticData: 0x20, checkingDisabled: 0x10,
}

/** Every DNS message of a capture, as tshark reads it. A zone transfer over several messages is one, as it is to us. */
export function tsharkDns(path: string, options: readonly string[] = []): DnsSeen[] {
  const seen: DnsSeen[] = []
  const transfers = new Map<number, DnsSeen>()
  for (const packet of packetsOf(path, 'dns || mdns || llmnr', options)) {
    for (const proto of packet.fields.filter(({ name }) => name === 'dns' || name === 'mdns' || name === 'llmnr')) {
      const message = messageOf(proto)
      if (message === undefined) continue
      const begun = message.isResponse ? transfers.get(message.id) : undefined
      if (begun !== undefined) begun.records.push(...message.records)
      else seen.push(message)
      const isTransfer = message.questions.some(({ type }) => type === 'AXFR' || type === 'IXFR')
      if (message.isResponse && isTransfer && !transfers.has(message.id)) transfers.set(message.id, message)
    }
  }
  return seen
}

function numberOf(field: Field | undefined): number {
  return field === undefined ? NaN : Number(field.show)
}

/** Undefined for a segment that only holds a part of one. */
function messageOf(proto: Field): DnsSeen | undefined {
  const id = first(proto, 'dns.id')
  if (id === undefined) return undefined
  const flags = parseInt(first(proto, 'dns.flags')!.hex, 16)
  const rows = recordFields(proto)
  const opt = rows.find((row) => numberOf(direct(row, 'dns.resp.type')) === 41)
  const time = first(proto, 'dns.time')
  return {
    id: numberOf(id), isResponse: (flags & 0x8000) !== 0, opcode: flags >> 11 & 15, rcode: flags & 15,
    flags: Object.keys(FLAGS).filter((name) => (flags & FLAGS[name]!) !== 0).toSorted(),
    questions: questionsOf(proto),
    records: rows.filter((row) => row !== opt).map(recordOf),
    ...opt !== undefined && { edns: ednsOf(opt) },
    ...time !== undefined && { elapsedMicros: Math.round(Number(time.show) * 1e6) },
  }
}

function isSet(field: Field | undefined): boolean {
  return field !== undefined && ['1', 'True'].includes(field.show)
}

function questionsOf(proto: Field): DnsSeen['questions'] {
  const names = all(proto, 'dns.qry.name')
  const types = all(proto, 'dns.qry.type')
  const classes = all(proto, 'dns.qry.class')
  return names.map((name, i) => ({ name: nameOf(name.show), type: typeName(numberOf(types[i])), class: className(numberOf(classes[i]) & 0x7fff) }))
}

function direct(field: Field, name: string): Field | undefined {
  return field.fields.find((f) => f.name === name)
}

function recordFields(field: Field): Field[] {
  return field.fields.flatMap((f) => direct(f, 'dns.resp.ttl') === undefined && direct(f, 'dns.rr.udp_payload_size') === undefined ? recordFields(f) : [f])
}

/** Of SRV tshark takes the owner's name apart. */
function ownerOf(row: Field): string {
  const whole = direct(row, 'dns.resp.name')
  if (whole !== undefined) return nameOf(whole.show)
  return ['dns.srv.service', 'dns.srv.proto', 'dns.srv.name'].map((name) => direct(row, name)?.show).join('.')
}

function recordOf(row: Field): RecordSeen {
  const type = typeName(numberOf(direct(row, 'dns.resp.type')))
  const names = DATA[type]
  const fields = names?.map((name) => first(row, name))
  return {
    name: ownerOf(row), type, class: className(numberOf(direct(row, 'dns.resp.class')) & 0x7fff),
    ttlSeconds: numberOf(direct(row, 'dns.resp.ttl')),
    ...fields !== undefined && fields.every((f) => f !== undefined) && { data: fields.map((f) => valueOf(f!)).join(' ') },
  }
}

function ednsOf(opt: Field): NonNullable<DnsSeen['edns']> {
  return {
    udpPayloadBytes: numberOf(first(opt, 'dns.rr.udp_payload_size')), version: numberOf(first(opt, 'dns.resp.edns0_version')),
    dnssecOk: isSet(first(opt, 'dns.resp.z.do')), options: all(opt, 'dns.opt.code').map(numberOf),
  }
}

/** Numbers as decimals, bytes as hex without colons. */
function valueOf(field: Field): string {
  if (/^0x[0-9a-f]+$/.test(field.show)) return String(parseInt(field.show, 16))
  return nameOf(/^[0-9a-f]{2}(:[0-9a-f]{2})+$/.test(field.show) && field.name !== 'dns.aaaa' ? field.show.replaceAll(':', '') : field.show)
}

function nameOf(show: string): string {
  return show === '<Root>' || show === '' ? '.' : plainName(show)
}

/** tshark writes some odd characters of a name as they are, and others as we do. */
export function plainName(text: string): string {
  return text.replace(/\\(\d{3}|.)/g, (_, code: string) => code.length === 3 ? String.fromCharCode(Number(code)) : code)
}
