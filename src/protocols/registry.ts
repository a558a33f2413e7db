import type { DatagramProtocol } from './datagram.ts'
import { amqp } from './amqp/amqp.ts'
import { dns, dnsDatagrams } from './dns/dns.ts'
import { http1 } from './http1/http1.ts'
import { http2 } from './http2/http2.ts'
import { mysql } from './mysql/mysql.ts'
import { postgres } from './postgres/postgres.ts'
import { kafka } from './kafka/kafka.ts'
import { memcached } from './memcached/memcached.ts'
import { mongodb } from './mongodb/mongodb.ts'
import type { Protocol } from './protocol.ts'
import { proxyProtocol } from './proxy-protocol/proxy-protocol.ts'
import { redis } from './redis/redis.ts'
import { tls } from './tls/tls.ts'
import { websocket } from './websocket/websocket.ts'

/** Every protocol that can be read over TCP. The order is the order of the probes where the port says nothing. */
export const PROTOCOLS: readonly Protocol[] = [http1, http2, tls, dns, postgres, kafka, redis, mongodb, websocket, mysql, amqp, memcached, proxyProtocol]

/** Every protocol that can be read over UDP. One that is spoken over both has the same name in both lists. */
export const DATAGRAM_PROTOCOLS: readonly DatagramProtocol[] = [dnsDatagrams]

/** 1 at each of them: every flow asks, and a set takes 20 ns. */
const serverPorts = new Uint8Array(0x10000)
for (const { ports } of [...PROTOCOLS, ...DATAGRAM_PROTOCOLS]) for (const port of ports) serverPorts[port] = 1

/** A hint for connections whose start was not captured; never proof. */
export function isServerPort(port: number): boolean {
  return serverPorts[port] === 1
}
