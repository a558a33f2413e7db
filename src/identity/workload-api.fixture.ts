import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import { CertificateAuthority } from './ca.ts'

const VALID = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
/** Whose SVIDs `response` has. */
export const ca = await CertificateAuthority.create('shop.test', VALID)

export type Call = ServerWritableStream<Buffer, Buffer>

/** An X509SVIDResponse with one SVID of the trust domain shop.test. */
export async function response(name: string, notBefore = VALID.notBefore): Promise<Buffer> {
  const spiffeId = `spiffe://shop.test/${name}`
  const svid = await ca.issue({ spiffeId, dnsNames: [], ...VALID, notBefore })
  const key = createPrivateKey(svid.privateKeyPem).export({ format: 'der', type: 'pkcs8' })
  return field(1, Buffer.concat([field(1, Buffer.from(spiffeId)), field(2, new X509Certificate(svid.certificatePem).raw), field(3, key), field(4, new X509Certificate(ca.certificatePem).raw), field(5, Buffer.from('hint'))]))
}

function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = value.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([number << 3 | 2, ...length]), value])
}

/** Path of a socket in a folder that goes with the test. */
export function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-wl-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'api.sock')
}

/** The reference gRPC server as Workload API at that path; `serve` gets each call. Resolves with what ends it at once. */
export async function openServer(t: TestContext, path: string, serve: (call: Call) => void): Promise<() => void> {
  const same = (value: Buffer): Buffer => value
  const server = new Server()
  server.addService({ FetchX509SVID: { path: '/SpiffeWorkloadAPI/FetchX509SVID', requestStream: false, responseStream: true, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } },
    { FetchX509SVID: (call: Call) => serve(call) })
  await new Promise((resolve, reject) => server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => error ? reject(error) : resolve(undefined)))
  t.after(() => server.forceShutdown())
  return () => server.forceShutdown()
}
