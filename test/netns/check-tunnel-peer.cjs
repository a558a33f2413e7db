// A sidecar of node:tls, one end of a tunnel of mTLS: in the clear on a loopback, TLS 1.3 on the wire, its secrets in a key log.
// ROLE(client|server) LISTEN-IP LISTEN-PORT CONNECT-IP CONNECT-PORT CERT KEY CA [KEY-LOG [WORD OTHER-WORD]]: what comes back from the app has the other word instead
const { appendFileSync, readFileSync } = require('node:fs')
const net = require('node:net')
const { pipeline, Transform } = require('node:stream')
const tls = require('node:tls')

const [role, listenIp, listenPort, connectIp, connectPort, cert, key, ca, keyLog, word, other] = process.argv.slice(2)
const identity = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca), minVersion: 'TLSv1.3', checkServerIdentity: () => undefined }
const keep = (line) => { if (keyLog) appendFileSync(keyLog, line) }
const changed = () => new Transform({ transform: (bytes, _, done) => done(null, word ? Buffer.from(bytes.toString('latin1').replaceAll(word, other), 'latin1') : bytes) })

function join(from, to) {
  pipeline(from, to, () => {})
  pipeline(to, changed(), from, () => {})
}

const target = { host: connectIp, port: Number(connectPort) }
const server = role === 'server'
  ? tls.createServer({ ...identity, requestCert: true, rejectUnauthorized: true }, (socket) => join(socket, net.connect(target)))
  : net.createServer((socket) => join(socket, tls.connect({ ...target, ...identity, servername: 'cart' }).on('keylog', keep)))
server.on('keylog', keep)
server.listen(Number(listenPort), listenIp)
