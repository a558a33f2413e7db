/** What a query asks for: the first question of a DNS message. Undefined where it is none that this server understands (RFC 1035 §4.1). */
export interface Question { readonly name: string, readonly type: number, readonly end: number }

const HEADER_BYTES = 12
const A = 1
const IN = 1
const TTL_SECONDS = 5
const NXDOMAIN = 3

export function parseQuestion(query: Uint8Array): Question | undefined {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined
    labels.push(Buffer.from(query.subarray(at + 1, at + 1 + length)).toString('latin1').toLowerCase())
    at += 1 + length
  }
  const type = query[at + 1]! << 8 | query[at + 2]!
  return at + 5 > query.length ? undefined : { name: labels.join('.'), type, end: at + 5 }
}

/** The answer to a query whose name has these IPv4 addresses; `undefined`: there is no such name. */
export function dnsAnswer(query: Uint8Array, { type, end }: Question, addresses: readonly string[] | undefined): Buffer {
  const answers = type === A ? addresses ?? [] : []
  const header = Buffer.alloc(HEADER_BYTES)
  header.set(query.subarray(0, 2))
  // QR, AA, the query's RD, RA.
  header.writeUInt16BE(0x8480 | query[2]! << 8 & 0x100 | (addresses === undefined ? NXDOMAIN : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answers.length, 6)
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers.map(record)])
}

/** Its name is a pointer to the question's. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16BE(0xc000 | HEADER_BYTES, 0)
  bytes.writeUInt16BE(A, 2)
  bytes.writeUInt16BE(IN, 4)
  bytes.writeUInt32BE(TTL_SECONDS, 6)
  bytes.writeUInt16BE(4, 10)
  bytes.set(address.split('.').map(Number), 12)
  return bytes
}
