import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { listen } from '../protocols/contract.fixture.ts'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { record, recordTo, portOf, startServer } from '../protocols/tls/recording.fixture.ts'
import { tls } from '../protocols/tls/tls.ts'
import type { TlsFacts } from './tls-facts.ts'
import { tlsFacts, tlsKind } from './tls-facts.ts'

const pki = await makePki()
const server: TlsOptions = { ...pki.server, ca: pki.ca }
const asking: TlsOptions = { ...server, requestCert: true, rejectUnauthorized: false }
const client: ConnectionOptions = { ca: pki.ca }
const showing: ConnectionOptions = { ...client, ...pki.client }

type Steps = Awaited<ReturnType<typeof record>>['steps']

function factsOf(steps: Steps): TlsFacts {
  // As they come out of a capture thread: through JSON.
  const messages = JSON.parse(JSON.stringify(listen(tls, steps).messages.map(({ request, response }) => ({ request, response }))))
  const found = messages.find((m: Parameters<typeof tlsKind>[0]) => tlsKind(m) === 'handshake')
  assert.ok(found !== undefined)
  return tlsFacts(found)
}

test('of real connections: whether the client showed a certificate', async () => {
  const v12 = { maxVersion: 'TLSv1.2' } as const
  const cases: [TlsOptions, ConnectionOptions, string, string][] = [
    [server, client, 'TLS 1.3', 'none'],
    [server, showing, 'TLS 1.3', 'none'],
    [asking, client, 'TLS 1.3', 'none'],
    [asking, showing, 'TLS 1.3', 'inferred'],
    [server, { ...client, ...v12 }, 'TLS 1.2', 'none'],
    [asking, { ...client, ...v12 }, 'TLS 1.2', 'none'],
    [asking, { ...showing, ...v12 }, 'TLS 1.2', 'certificate'],
  ]
  for (const [serverOptions, clientOptions, version, proof] of cases) {
    const { steps, witness } = await record(serverOptions, clientOptions)
    assert.equal(witness.error, undefined)
    const facts = factsOf(steps)
    assert.deepEqual([facts.version, facts.clientProof, facts.suite, facts.sni], [version, proof, witness.suite, 'cart.shop.example'])
  }
})

test('a resumed session shows no certificate, and that is not held against it', async () => {
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const listening = await startServer(asking)
    const first = await recordTo(portOf(listening), { ...showing, maxVersion })
    const again = await recordTo(portOf(listening), { ...showing, maxVersion, session: first.witness.session })
    listening.close()
    assert.ok(again.witness.resumed)
    const { resumed, clientProof } = factsOf(again.steps)
    assert.deepEqual([resumed, clientProof], [true, 'unknown'])
  }
})
