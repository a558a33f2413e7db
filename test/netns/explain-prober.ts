// Runs in a namespace: serves a pool of ports, and sends from sockets of any owner and mark. Lines of JSON in and out.
import dgram from 'node:dgram'
import net from 'node:net'
import { createInterface } from 'node:readline'
import koffi from 'koffi'

export interface Sent { readonly protocol: 'tcp' | 'udp', readonly version: 4 | 6, readonly source: string | undefined, readonly sourcePort: number, readonly destination: readonly number[], readonly sourceBytes: readonly number[] | undefined, readonly port: number, readonly uid: number, readonly gid: number, readonly mark: number }
export interface Seen { readonly protocol: 'tcp' | 'udp', readonly port: number, readonly address: string, readonly remotePort: number, /** SO_ORIGINAL_DST, as `10.0.0.3:80`; empty where the kernel has no entry. */ readonly original: string, readonly remoteAddress: string }

const [AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM, NONBLOCK] = [2, 10, 1, 2, 0o4000]
const libc = koffi.load(null)
const socket = libc.func('int socket(int domain, int type, int protocol)')
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')
const bind = libc.func('int bind(int fd, const void *address, uint32_t length)')
const connect = libc.func('int connect(int fd, const void *address, uint32_t length)')
const listen = libc.func('int listen(int fd, int backlog)')
const getsockopt = libc.func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)')
const send = libc.func('int64_t send(int fd, const void *data, size_t length, int flags)')
const close = libc.func('int close(int fd)')

const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

function sockaddr(version: 4 | 6, bytes: readonly number[], port: number): Buffer {
  const out = Buffer.alloc(version === 4 ? 16 : 28)
  out.writeUInt16LE(version === 4 ? AF_INET : AF_INET6, 0)
  out.writeUInt16BE(port, 2)
  Buffer.from(bytes).copy(out, version === 4 ? 4 : 8)
  return out
}

function option(fd: number, level: number, name: number, value: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  if (setsockopt(fd, level, name, bytes, 4) !== 0) throw new Error(`setsockopt ${level} ${name} failed`)
}

const open: number[] = []

function sendOne(one: Sent): void {
  process.setegid!(one.gid)
  process.seteuid!(one.uid)
  const fd: number = socket(one.version === 4 ? AF_INET : AF_INET6, (one.protocol === 'tcp' ? SOCK_STREAM : SOCK_DGRAM) | NONBLOCK, 0)
  process.seteuid!(0)
  process.setegid!(0)
  open.push(fd)
  if (one.mark !== 0) option(fd, 1, 36, one.mark)
  const zero = Array.from({ length: one.version === 4 ? 4 : 16 }, () => 0)
  const source = sockaddr(one.version, one.sourceBytes ?? zero, one.sourcePort)
  if (bind(fd, source, source.length) !== 0) return say({ failed: one.sourcePort, call: 'bind', errno: koffi.errno() })
  const target = sockaddr(one.version, one.destination, one.port)
  if (connect(fd, target, target.length) !== 0 && koffi.errno() !== 115) return say({ failed: one.sourcePort, call: 'connect', errno: koffi.errno() })
  if (one.protocol === 'udp' && send(fd, Buffer.from('x'), 1, 0) < 0) say({ failed: one.sourcePort, call: 'send', errno: koffi.errno() })
}

const plain = (address: string): string => address.replace(/^::ffff:/, '')

function report(protocol: 'tcp' | 'udp', port: number, address: string, remote: { address: string, port: number }, original = ''): void {
  say({ protocol, port, address: plain(address), remotePort: remote.port, remoteAddress: plain(remote.address), original })
}

/** SO_ORIGINAL_DST (linux/netfilter_ipv4.h, netfilter_ipv6/ip6_tables.h): the same number for both families. */
function originalOf(fd: number, version: 4 | 6): string {
  const bytes = Buffer.alloc(28)
  if (getsockopt(fd, version === 4 ? 0 : 41, 80, bytes, [bytes.length]) !== 0) return ''
  const port = bytes.readUInt16BE(2)
  if (version === 4) return `${bytes.subarray(4, 8).join('.')}:${port}`
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16))
  return `[${new net.SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address}]:${port}`
}

function serve(server: net.Server, port: number): net.Server {
  return server.on('connection', (peer) => {
    const { fd } = (peer as unknown as { _handle: { fd: number } })._handle
    const address = peer.localAddress ?? ''
    report('tcp', port, address, { address: peer.remoteAddress ?? '', port: peer.remotePort ?? 0 }, originalOf(fd, /^(::ffff:)?[\d.]+$/.test(address) ? 4 : 6))
    peer.on('error', () => {}).destroy()
  })
}

/** IP_TRANSPARENT, which Node cannot set. */
function serveTransparently(port: number, version: 4 | 6): void {
  const fd: number = socket(version === 4 ? AF_INET : AF_INET6, SOCK_STREAM | NONBLOCK, 0)
  option(fd, 1, 2, 1)
  if (version === 6) option(fd, 41, 26, 1)
  option(fd, version === 4 ? 0 : 41, version === 4 ? 19 : 75, 1)
  const address = sockaddr(version, Array.from({ length: version === 4 ? 4 : 16 }, () => 0), port)
  if (bind(fd, address, address.length) !== 0 || listen(fd, 100) !== 0) throw new Error(`cannot listen on ${port}`)
  serve(net.createServer(), port).listen({ fd })
}

/** `uid` is whom it becomes once it listens: then it has no capabilities, and sends nothing. */
export interface Served { readonly ports: readonly number[], readonly transparent: readonly number[], readonly address?: string, readonly udp?: boolean, readonly uid?: number }

const { ports, transparent, address = '::', udp: isUdpServed = true, uid } = JSON.parse(process.argv[2]!) as Served
for (const port of ports) {
  if (transparent.includes(port)) for (const version of [4, 6] as const) serveTransparently(port, version)
  else await new Promise<void>((resolve) => { serve(net.createServer(), port).listen(port, address, resolve) })
  if (!isUdpServed) continue
  const udp = dgram.createSocket('udp6').on('message', (_, from) => report('udp', port, '', from))
  await new Promise<void>((resolve) => { udp.bind(port, '::', resolve) })
}
if (uid !== undefined) {
  process.setgroups!([])
  process.setgid!(uid)
  process.setuid!(uid)
}
say({ ready: true })
createInterface({ input: process.stdin }).on('line', (line) => {
  const { packets } = JSON.parse(line) as { packets?: Sent[] }
  if (packets === undefined) for (const fd of open.splice(0)) close(fd)
  else for (const packet of packets) sendOne(packet)
}).on('close', () => process.exit(0))
