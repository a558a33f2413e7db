/** RFC 7468 §2: one block with lines of 64 characters, a newline at the end. */
export function formatPem(label: string, der: ArrayBuffer | Uint8Array): string {
  const bytes = der instanceof Uint8Array ? der : new Uint8Array(der)
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\t ]*\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----/g

/** The blocks of that label, each as DER. Text around and between them is explanatory (§2) and skipped; empty where there is none. */
export function parsePem(text: string, label: string): Buffer[] {
  return [...text.matchAll(BLOCK)].filter((match) => match[1] === label).map((match) => Buffer.from(match[2]!, 'base64'))
}

/** The blocks of that label as PEM again, without what stood around them. */
export function splitPem(text: string, label: string): string[] {
  return parsePem(text, label).map((der) => formatPem(label, der))
}
