import { SAMPLES as AMQP } from './amqp/samples.fixture.ts'
import type { Sample } from './contract.fixture.ts'
import { SAMPLES as DNS } from './dns/wire.fixture.ts'
import { SAMPLES as HTTP1 } from './http1/samples.fixture.ts'
import { SAMPLES as HTTP2 } from './http2/samples.fixture.ts'
import { SAMPLES as KAFKA } from './kafka/samples.fixture.ts'
import { SAMPLES as MEMCACHED } from './memcached/samples.fixture.ts'
import { SAMPLES as MONGODB } from './mongodb/samples.fixture.ts'
import { SAMPLES as MYSQL } from './mysql/samples.fixture.ts'
import { SAMPLES as POSTGRES } from './postgres/samples.fixture.ts'
import { SAMPLES as PROXY } from './proxy-protocol/samples.fixture.ts'
import { SAMPLES as REDIS } from './redis/samples.fixture.ts'
import { makePki } from './tls/pki.fixture.ts'
import { record } from './tls/recording.fixture.ts'
import { SAMPLES as WEBSOCKET } from './websocket/samples.fixture.ts'

/** Connections of TLS are recorded anew each time. */
async function tlsSamples(): Promise<Sample[]> {
  const pki = await makePki()
  const server = { ...pki.server, ca: pki.ca, requestCert: true }
  const client = { ca: pki.ca, ...pki.client }
  const [new13, old12] = [await record(server, client), await record({ ...server, maxVersion: 'TLSv1.2' }, client)]
  return [{ name: 'mTLS 1.3', steps: new13.steps }, { name: 'mTLS 1.2', steps: old12.steps }]
}

/** The samples of every protocol in the registry, by its name. */
export async function everySample(): Promise<ReadonlyMap<string, readonly Sample[]>> {
  return new Map<string, readonly Sample[]>([
    ['http1', HTTP1], ['http2', HTTP2], ['tls', await tlsSamples()], ['dns', DNS], ['postgres', POSTGRES], ['kafka', KAFKA], ['redis', REDIS],
    ['mongodb', MONGODB], ['websocket', WEBSOCKET], ['mysql', MYSQL], ['amqp', AMQP], ['memcached', MEMCACHED], ['proxy', PROXY],
  ])
}
