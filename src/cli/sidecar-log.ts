import { jsonText } from '../base/json-text.ts'
import type { FinishedConnection } from '../proxy/relay/connection-report.ts'
import { printable } from '../tap/printable.ts'

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** The line of a connection that ended: the fields of FinishedConnection with its end as RFC 3339 time. */
export function connectionJson(connection: FinishedConnection): string {
  const { openedAtMs, durationMs, ...rest } = connection
  return jsonText({ time: new Date(openedAtMs + durationMs).toISOString(), ...rest, openedAt: new Date(openedAtMs).toISOString(), durationMs: Math.round(durationMs) })
}

/** The same for people: `13:55:01.123 inbound mtls 10.1.2.3:4444 (spiffe://…/web) → 10.1.2.4:8080 (spiffe://…/cart) ↑300 B ↓1.2 KB 12 ms finished`. */
export function connectionText(c: FinishedConnection): string {
  const words = [
    new Date(c.openedAtMs + c.durationMs).toISOString(), c.direction, c.security ?? '-',
    endText(c.client, c.clientIdentity), '→', endText(c.destination, c.serverIdentity),
    `↑${sizeText(c.bytesSent)}`, `↓${sizeText(c.bytesReceived)}`, `${Math.round(c.durationMs)} ms`, c.reason,
  ]
  return printable(words.join(' ')) + (c.detail === '' ? '' : ` (${printable(c.detail)})`)
}

function endText(address: string, identity: string | undefined): string {
  const where = address === '' ? '?' : address
  return identity === undefined || identity === '' ? where : `${where} (${identity})`
}

function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}
