import type { Protocol } from '../protocol.ts'
import { ProxyPreface } from './preface.ts'
import { parseProxyHeader } from './header.ts'

/** The header that a proxy puts before a connection, to say for whom it speaks; what follows is another protocol. */
export const proxyProtocol: Protocol = {
  name: 'proxy',
  spec: 'https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt',
  ports: [],
  probe: (client, server) => {
    const header = parseProxyHeader(client)
    if (header === 'no') return 'no'
    if (header !== 'more') return 'yes'
    return client.length === 0 && server.length > 0 ? 'no' : 'more'
  },
  open: (sink) => new ProxyPreface(sink),
}
