import { formatAddress } from './address-text.ts'
import type { DataReader } from './data-reader.ts'
import { quoted } from './name.ts'

const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp', 'tls-supported-groups']

function keyName(key: number): string {
  return KEYS[key] ?? `key${key}`
}

/** SVCB and HTTPS: priority, target, then what to know for a connection (RFC 9460 §2.1, §7, RFC 9461 §5). */
export function service(r: DataReader): string {
  const parts = [String(r.number(2)), r.name()]
  while (r.left > 0 && !r.failed) {
    const key = r.number(2)
    const value = r.part(r.number(2))
    const text = parameter(key, value)
    r.failed ||= value.failed
    parts.push(text === '' ? keyName(key) : `${keyName(key)}=${text}`)
  }
  return parts.join(' ')
}

function parameter(key: number, r: DataReader): string {
  switch (KEYS[key]) {
    case 'mandatory': return list(r, () => keyName(r.number(2)))
    case 'alpn': return list(r, () => r.string().slice(1, -1))
    case 'no-default-alpn': case 'ohttp': return ''
    case 'port': return String(r.number(2))
    case 'ipv4hint': return list(r, () => formatAddress(r.take(4)))
    case 'ipv6hint': return list(r, () => formatAddress(r.take(16)))
    case 'ech': return r.rest().toString('base64')
    case 'tls-supported-groups': return list(r, () => String(r.number(2)))
    default: return r.left === 0 ? '' : quoted(r.bytes, r.at, r.end)
  }
}

function list(r: DataReader, item: () => string): string {
  const items: string[] = []
  while (r.left > 0 && !r.failed) items.push(item())
  return items.join(',')
}
