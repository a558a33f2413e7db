import { CLIENT, SERVER } from '../../model/side.ts'
import { contract } from '../contract.fixture.ts'
import { MAX_HANDSHAKE_MESSAGE_BYTES, MAX_SEARCH_BYTES } from './limits.ts'
import { makePki } from './pki.fixture.ts'
import { record } from './recording.fixture.ts'
import { tls } from './tls.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

const pki = await makePki()
const plain = { ...pki.server, ca: pki.ca }
const both = { ca: pki.ca, ...pki.client }
const old = { ...plain, maxVersion: 'TLSv1.2' as const }

const mutual13 = await record({ ...plain, requestCert: true }, both)
const mutual12 = await record({ ...old, requestCert: true }, both)
const refused12 = await record({ ...old, requestCert: true, rejectUnauthorized: true }, { ca: pki.ca })
const refused13 = await record({ ...plain, requestCert: true, rejectUnauthorized: true }, { ca: pki.ca })
const retried = await record({ ...plain, ecdhCurve: 'P-384' }, { ca: pki.ca, ecdhCurve: 'X25519:P-384' })

const small = Buffer.from('1703030004abababab', 'hex')
const empty = Buffer.from('1703030000', 'hex')
const helloRequest = Buffer.from('160303000400000000', 'hex')
const warning = Buffer.from('15030300020170', 'hex')
const hello = mutual12.steps.slice(0, 1)
const hellos = mutual12.steps.slice(0, 2)
/** A record of the greatest length that begins a handshake message that never ends. */
const endlessMessage = Buffer.concat([Buffer.from('16030340000b01fff0', 'hex'), Buffer.alloc(16380)])

contract(tls, [
  { name: 'mTLS 1.3', steps: mutual13.steps },
  { name: 'mTLS 1.2', steps: mutual12.steps },
  { name: 'refused client 1.2', steps: refused12.steps },
  { name: 'refused client 1.3', steps: refused13.steps },
  { name: 'hello retry request', steps: retried.steps },
], {
  settings: { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns: true },
  endless: [
    { name: 'application data', prefix: mutual13.steps, side: SERVER, block: small },
    { name: 'data without an answer', prefix: mutual13.steps, side: CLIENT, block: small },
    { name: 'data in the middle of a handshake', prefix: hellos, side: CLIENT, block: small },
    { name: 'empty records', prefix: hellos, side: SERVER, block: empty },
    { name: 'hello requests', prefix: hellos, side: SERVER, block: helloRequest },
    { name: 'warnings', prefix: hello, side: SERVER, block: warning },
    { name: 'repeated client hellos', prefix: [], side: CLIENT, block: hello[0]!.bytes as Buffer },
    { name: 'a handshake message without end', prefix: hello, side: SERVER, block: endlessMessage },
    { name: 'what is no TLS', prefix: hello, side: CLIENT, block: Buffer.from('no record begins here, ') },
  ],
  retainedLimitBytes: 2 * (MAX_HANDSHAKE_MESSAGE_BYTES + MAX_SEARCH_BYTES),
})
