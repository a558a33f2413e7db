import { headerValue } from '../http/headers.ts'
import type { Half } from './half.ts'

/** Fields that belong to a connection of HTTP/1; HTTP/2 forbids them (RFC 9113 §8.2.2). */
const FORBIDDEN: ReadonlySet<string> = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

/** What RFC 9113 §8.1.1 calls malformed, and what a server behind may read otherwise. Looked for when somebody reads the notes. */
export function addSuspicions(notes: string[], whose: string, half: Half, isCutShort: boolean): void {
  for (const { name } of half.fields) {
    if (FORBIDDEN.has(name)) notes.push(`${whose}: HTTP/2 forbids the header ${name}; a sign of request smuggling`)
  }
  const broken = half.fields.find(({ name, value, isNameless }) => !isNameless && (!/^:?[^\0- A-Z:\x7f]+$/.test(name) || /[\0\r\n]/.test(value)))
  if (broken !== undefined) notes.push(`${whose}: a header with characters that HTTP/2 forbids; a sign of request smuggling`)
  if (isPseudoLate(half)) notes.push(`${whose}: a pseudo-header field behind others`)
  if (isCutShort || !half.over || !half.complete || !half.hasLength || half.bodyBytes === 0) return
  const length = headerValue(half.fields, 'content-length')
  if (Number(length) !== half.bodyBytes) notes.push(`${whose}: Content-Length is ${length.slice(0, 20)}, the body has ${half.bodyBytes} bytes; a sign of request smuggling`)
}

/** RFC 9113 §8.3. */
function isPseudoLate({ fields }: Half): boolean {
  const regular = fields.findIndex(({ name, isNameless }) => !isNameless && !name.startsWith(':'))
  return regular >= 0 && fields.some(({ name }, i) => i > regular && name.startsWith(':'))
}
