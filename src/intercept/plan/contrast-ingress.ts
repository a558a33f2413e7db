import { MtlscopeError } from '../../base/errors.ts'

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
const MAX_PORT = 65_535

/** One inbound port that Contrast's variable names. `isPlain`: it has no TLS; else TLS without a certificate of the client. */
export interface ContrastIngress { readonly port: number, readonly isPlain: boolean }

/**
 * `name#port#disableTLS`, joined by `##`. Throws 'bad-config' with the message that Contrast has for it; a port out of range is an
 * error too, where Contrast cuts it to 16 bits.
 */
export function parseContrastIngress(text: string): ContrastIngress[] {
  return contrastEntries(text).map(([, port, disableTls]) => {
    const number = parseContrastPort(port)
    if (number === undefined) throw bad(`invalid listen port: ${port}`, 'a number from 1 to 65535')
    if (!TRUE.has(disableTls) && !FALSE.has(disableTls)) throw bad(`invalid disable TLS: ${disableTls}`, 'true or false')
    return { port: number, isPlain: TRUE.has(disableTls) }
  })
}

/** Empty segments are skipped, each other one has three parts. */
export function contrastEntries(text: string): [string, string, string][] {
  return text.split('##').filter((entry) => entry !== '').map((entry) => {
    const parts = entry.split('#')
    if (parts.length !== 3) throw bad(`invalid entry: ${entry}`, 'three parts joined by #, entries joined by ##')
    return parts as [string, string, string]
  })
}

/** Signs and leading zeros are fine, as they are for Go's strconv.Atoi. */
export function parseContrastPort(text: string): number | undefined {
  const port = /^[+-]?\d+$/.test(text) ? Number(text) : NaN
  return port >= 1 && port <= MAX_PORT ? port : undefined
}

function bad(message: string, hint: string): MtlscopeError {
  return new MtlscopeError('bad-config', message, { hint })
}
