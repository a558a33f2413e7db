import { CLIENT, SERVER } from '../../model/side.ts'
import { contract } from '../contract.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { MAX_HANDSHAKE_MESSAGE_BYTES, MAX_SEARCH_BYTES, MAX_WAITING_BYTES } from './limits.ts'
import { makePki } from './pki.fixture.ts'
import { record } from './recording.fixture.ts'
import { TLS_KEY_LOG, TlsSecrets } from './secrets.ts'
import { tls } from './tls.ts'

// The same promises with a key log at hand: for connections whose secrets it has, and for those whose secrets never come.
const pki = await makePki()
const plain = { ...pki.server, ca: pki.ca, requestCert: true }
const both = { ca: pki.ca, ...pki.client }
const v13 = await record(plain, both)
const v12 = await record({ ...plain, maxVersion: 'TLSv1.2' }, both)
const unknown = await record(plain, both)
const secrets = new TlsSecrets()
for (const { witness } of [v13, v12]) secrets.block(TLS_KEY_LOG, Buffer.from(witness.keyLog))

const small = Buffer.from('1703030004abababab', 'hex')

contract(tls, [
  { name: 'decrypted mTLS 1.3', steps: v13.steps },
  { name: 'decrypted mTLS 1.2', steps: v12.steps },
], {
  settings: { ...DEFAULT_SETTINGS, ciphertextTurns: true, secrets: secrets.desk() },
  endless: [
    { name: 'what does not authenticate', prefix: v13.steps, side: SERVER, block: small },
    { name: 'what waits for secrets', prefix: unknown.steps.slice(0, 3), side: SERVER, block: small },
    { name: 'early data that nobody answers', prefix: unknown.steps.slice(0, 1), side: CLIENT, block: small },
  ],
  retainedLimitBytes: 2 * (MAX_HANDSHAKE_MESSAGE_BYTES + MAX_SEARCH_BYTES) + 2 * MAX_WAITING_BYTES,
})
