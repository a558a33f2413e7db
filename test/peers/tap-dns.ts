import type { DnsSeen, RecordSeen } from './tshark-dns.ts'
import { plainName } from './tshark-dns.ts'
import { tapMessages } from './tap-messages.ts'

interface RecordView { name: string, type: string, class: string, ttlSeconds: number, data: string }
interface MessageView {
  id: number, opcode: string, rcode?: string, flags: Record<string, true>, questions?: DnsSeen['questions'], zone?: DnsSeen['questions']
  answers?: RecordView[], prerequisites?: RecordView[], authorities?: RecordView[], updates?: RecordView[], additionals?: RecordView[]
  edns?: { version: number, udpPayloadBytes: number, dnssecOk?: true, options: { code: number }[] }
}

const OPCODES: Record<string, number> = { QUERY: 0, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 }
const RCODES: Record<string, number> = {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8, NOTAUTH: 9, BADVERS: 16, BADCOOKIE: 23,
}

/** What the tap makes of the DNS in a capture, in the words of the comparison with tshark. */
export async function tapDns(path: string): Promise<DnsSeen[]> {
  const { messages } = await tapMessages(path)
  return messages.filter(({ message }) => message.protocol === 'dns').flatMap(({ message: m }) => [
    ...m.request === undefined ? [] : [seen(m.request as MessageView)],
    ...m.response === undefined ? [] : [seen(m.response as MessageView, m.elapsedMicros)],
  ])
}

function seen(m: MessageView, elapsedMicros?: number): DnsSeen {
  const records = [m.answers, m.prerequisites, m.authorities, m.updates, m.additionals].flatMap((section) => section ?? [])
  return {
    id: m.id, isResponse: m.rcode !== undefined, opcode: OPCODES[m.opcode]!, rcode: RCODES[m.rcode ?? 'NOERROR']! & 15,
    flags: Object.keys(m.flags).toSorted(),
    questions: (m.questions ?? m.zone ?? []).map(({ name, type, class: c }) => ({ name: plainName(name), type, class: c })),
    records: records.map(({ name, type, class: c, ttlSeconds, data }): RecordSeen => ({ name: plainName(name), type, class: c, ttlSeconds, data: plainName(data) })),
    ...m.edns !== undefined && {
      edns: { udpPayloadBytes: m.edns.udpPayloadBytes, version: m.edns.version, dnssecOk: m.edns.dnssecOk === true, options: m.edns.options.map((o) => o.code) },
    },
    ...elapsedMicros !== undefined && { elapsedMicros },
  }
}
