// Servers whose connections turn to TLS on the way: node check-upgrade-peer.cjs KIND PORT CERT KEY CA [ask]
const { readFileSync } = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const tls = require('node:tls')

const [kind, port, cert, key, ca, ask] = process.argv.slice(2)
const PG_SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')
const CLIENT_SSL = 0x0800
const secureContext = tls.createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) })

function secure(socket) {
  const secured = new tls.TLSSocket(socket, { isServer: true, secureContext, requestCert: ask === 'ask', rejectUnauthorized: ask === 'ask' })
  secured.on('error', () => {})
  secured.on('data', () => secured.end('here\n'))
}

function servePostgres(socket) {
  socket.once('data', (bytes) => {
    if (!bytes.equals(PG_SSL_REQUEST)) return socket.destroy()
    socket.write('S', () => secure(socket))
  })
}

/** Initial handshake packet, protocol version 10, with the capability of SSL. */
function greeting() {
  const body = Buffer.concat([
    Buffer.from([10]), Buffer.from('8.0.36\0'), Buffer.from([7, 0, 0, 0]), Buffer.from('12345678'), Buffer.from([0]),
    Buffer.from([0xff, 0xff, 45, 2, 0, 0xff, 0xdf, 21]), Buffer.alloc(10), Buffer.from('901234567890\0'), Buffer.from('mysql_native_password\0'),
  ])
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
}

function serveMysql(socket) {
  socket.write(greeting())
  socket.once('data', (bytes) => {
    const isSslRequest = bytes.length >= 36 && (bytes.readUInt32LE(4) & CLIENT_SSL) !== 0
    if (!isSslRequest) return socket.destroy()
    // The ClientHello often comes with it: kept for the TLS socket, which reads what is buffered first.
    socket.pause()
    const rest = bytes.subarray(36)
    if (rest.length > 0) socket.unshift(rest)
    secure(socket)
  })
}

function serveConnect() {
  const server = http.createServer((request, response) => { response.writeHead(405).end() })
  server.on('connect', (request, socket, head) => {
    const [host, to] = request.url.split(':')
    const out = net.connect(Number(to), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      out.write(head)
      socket.pipe(out).pipe(socket)
    })
    for (const end of [socket, out]) end.on('error', () => { socket.destroy(); out.destroy() })
  })
  return server
}

const server = kind === 'connect' ? serveConnect() : net.createServer((socket) => {
  socket.on('error', () => {})
  if (kind === 'postgres') servePostgres(socket)
  else serveMysql(socket)
})
server.listen(Number(port))
