import { http1 } from './http1/http1.ts'
import type { Protocol } from './protocol.ts'
import { tls } from './tls/tls.ts'

/** Every protocol that can be read. The order is the order of the probes where the port says nothing. */
export const PROTOCOLS: readonly Protocol[] = [http1, tls]

const serverPorts: ReadonlySet<number> = new Set(PROTOCOLS.flatMap((protocol) => protocol.ports))

/** A hint for connections whose start was not captured; never proof. */
export function isServerPort(port: number): boolean {
  return serverPorts.has(port)
}
