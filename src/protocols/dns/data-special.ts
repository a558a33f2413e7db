import { formatAddress } from './address-text.ts'
import type { DataReader } from './data-reader.ts'

/** APL: networks, some of them negated (RFC 3123 §4). */
export function addressPrefixes(r: DataReader): string {
  const parts: string[] = []
  while (r.left > 0 && !r.failed) {
    const family = r.number(2)
    const bits = r.number(1)
    const flags = r.number(1)
    const address = r.take(flags & 0x7f)
    parts.push(`${flags >= 0x80 ? '!' : ''}${family}:${padded(address, family)}/${bits}`)
  }
  return parts.join(' ')
}

/** An address of a family (1 IPv4, 2 IPv6) whose last zeros were left out; hex for any other. */
export function padded(address: Buffer, family: number): string {
  const size = family === 1 ? 4 : family === 2 ? 16 : 0
  if (address.length > size) return address.toString('hex')
  const whole = Buffer.alloc(size)
  whole.set(address)
  return formatAddress(whole)
}

/** A gateway by its kind: none, IPv4, IPv6, a name. */
function gateway(r: DataReader, kind: number): string {
  if (kind === 0) return '.'
  if (kind === 1) return formatAddress(r.take(4))
  if (kind === 2) return formatAddress(r.take(16))
  if (kind === 3) return r.name()
  r.failed = true
  return ''
}

/** IPSECKEY (RFC 4025 §2, §3). */
export function ipsecKey(r: DataReader): string {
  const [precedence, kind, algorithm] = [r.number(1), r.number(1), r.number(1)]
  return [precedence, kind, algorithm, gateway(r, kind), r.rest().toString('base64')].join(' ').trimEnd()
}

/** AMTRELAY (RFC 8777 §4.2, §4.3). */
export function multicastRelay(r: DataReader): string {
  const precedence = r.number(1)
  const kind = r.number(1)
  return `${precedence} ${kind >> 7} ${kind & 0x7f} ${gateway(r, kind & 0x7f)}`
}

/** HIP (RFC 8005 §5, §6). */
export function hostIdentity(r: DataReader): string {
  const tagBytes = r.number(1)
  const algorithm = r.number(1)
  const keyBytes = r.number(2)
  const parts = [String(algorithm), r.take(tagBytes).toString('hex'), r.take(keyBytes).toString('base64')]
  while (r.left > 0 && !r.failed) parts.push(r.name())
  return parts.join(' ')
}
