import type { DatagramProtocol } from '../datagram.ts'
import type { Protocol } from '../protocol.ts'
import { DnsDatagrams } from './datagrams.ts'
import { probe, probeDatagram } from './probe.ts'
import { DnsStream } from './stream.ts'

const SPEC = 'https://www.rfc-editor.org/rfc/rfc1035'

/** DNS over TCP: one message for each query with its answer, one for each zone transfer. */
export const dns: Protocol = { name: 'dns', spec: SPEC, ports: [53], probe, open: (sink, settings) => new DnsStream(sink, settings) }

/** DNS, mDNS and LLMNR over UDP. */
export const dnsDatagrams: DatagramProtocol = {
  name: 'dns', spec: SPEC, ports: [53, 5353, 5355], probe: probeDatagram, open: (sink, settings, place) => new DnsDatagrams(sink, settings, place),
}
