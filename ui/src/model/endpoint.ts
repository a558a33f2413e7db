import type { Endpoint } from '../../../src/model/flow.ts'

/** Its name, else its address with the port. */
export function endpointText(end: Endpoint): string {
  return end.name ?? addressText(end)
}

export function addressText(end: Endpoint): string {
  return end.ip.includes(':') ? `[${end.ip}]:${end.port}` : `${end.ip}:${end.port}`
}
