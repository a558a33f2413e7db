import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import fc from '#property'
import { MtlscopeError } from '../base/errors.ts'
import { CertificateAuthority } from './ca.ts'
import type { Identity } from './material.ts'
import { openWorkloadApi } from './workload-api.ts'
import { parseSvidResponse } from './workload-response.ts'

const VALID = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
const ca = await CertificateAuthority.create('shop.test', VALID)

function field(number: number, value: Uint8Array): Buffer {
  const length: number[] = []
  for (let rest = value.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) break
  }
  return Buffer.concat([Buffer.from([number << 3 | 2, ...length]), value])
}

async function response(name: string): Promise<Buffer> {
  const spiffeId = `spiffe://shop.test/${name}`
  const svid = await ca.issue({ spiffeId, dnsNames: [], ...VALID })
  const key = createPrivateKey(svid.privateKeyPem).export({ format: 'der', type: 'pkcs8' })
  return field(1, Buffer.concat([field(1, Buffer.from(spiffeId)), field(2, new X509Certificate(svid.certificatePem).raw), field(3, key), field(4, new X509Certificate(ca.certificatePem).raw), field(5, Buffer.from('hint'))]))
}

type Call = ServerWritableStream<Buffer, Buffer>

/** The reference gRPC server as Workload API; `serve` gets each call. */
async function openServer(t: TestContext, serve: (call: Call) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-wl-'))
  const same = (value: Buffer): Buffer => value
  const server = new Server()
  server.addService({ FetchX509SVID: { path: '/SpiffeWorkloadAPI/FetchX509SVID', requestStream: false, responseStream: true, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } },
    { FetchX509SVID: (call: Call) => serve(call) })
  const path = join(folder, 'api.sock')
  await new Promise((resolve, reject) => server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => error ? reject(error) : resolve(undefined)))
  t.after(() => {
    server.forceShutdown()
    rmSync(folder, { recursive: true })
  })
  return path
}

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 500 && !condition(); n++) await sleep(10)
  assert.ok(condition())
}

test('the stream gives the first SVID and each new one, and says the header', async (t) => {
  const calls: Call[] = []
  const first = await response('cart')
  const path = await openServer(t, (call) => {
    if (call.metadata.get('workload.spiffe.io')[0] !== 'true') return void call.destroy(new Error('no header'))
    calls.push(call)
    call.write(first)
  })
  const changed: Identity[] = []
  const source = openWorkloadApi(path, { changed: (identity) => changed.push(identity), kept: () => {} })
  t.after(() => source.close())
  assert.equal((await source.first).name, 'spiffe://shop.test/cart')
  calls[0]!.write(first)
  calls[0]!.write(await response('web'))
  await until(() => changed.length > 0)
  assert.deepEqual(changed.map(({ name }) => name), ['spiffe://shop.test/web'])
})

test('a refusal is told and asked again', async (t) => {
  let calls = 0
  const good = await response('late')
  const path = await openServer(t, (call) => {
    if (++calls > 1) call.write(good)
    else call.emit('error', { code: status.PERMISSION_DENIED, details: 'no identity issued' })
  })
  const kept: MtlscopeError[] = []
  const source = openWorkloadApi(path, { changed: () => {}, kept: (error) => kept.push(error) })
  t.after(() => source.close())
  assert.equal((await source.first).name, 'spiffe://shop.test/late')
  assert.match(kept[0]!.message, /no identity is registered for this workload/)
})

test('no socket is told with its path', async (t) => {
  const kept: MtlscopeError[] = []
  const source = openWorkloadApi('/nowhere/api.sock', { changed: () => {}, kept: (error) => kept.push(error) })
  t.after(() => source.close())
  await until(() => kept.length > 0)
  assert.match(kept[0]!.message, /\/nowhere\/api\.sock: ENOENT/)
})

test('an answer that is broken is an error with a code, whatever its bytes', async () => {
  const good = await response('cart')
  assert.ok(parseSvidResponse(good).keyPem.includes('PRIVATE KEY'))
  const coded = (bytes: Uint8Array): boolean => {
    try {
      return parseSvidResponse(bytes).chainPem !== ''
    } catch (error) {
      return error instanceof MtlscopeError && error.code === 'bad-identity'
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), coded))
  fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => coded(Buffer.concat([good.subarray(0, at), Buffer.from([byte]), good.subarray(at + 1)]))))
  fc.assert(fc.property(fc.nat(good.length - 1), (length) => coded(good.subarray(0, length))))
})
